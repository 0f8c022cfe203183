//! Contents of all sizes go in and come out, in every layout and codec.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Mutex;

use gibus::error::{Error, Result};
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::read::many::{ContentBytes, ContentSink, Wanted};

use crate::support::{every_setting, noise, store};

fn samples() -> Vec<Vec<u8>> {
    let mut samples = vec![
        Vec::new(),
        b"x".to_vec(),
        noise(1 << 20, 1),
        noise((1 << 20) + 1, 2),
        noise(7 << 20, 3),
        b"all the same ".repeat(1 << 20),
    ];
    samples.extend((0..300).map(|n| noise(n * 37, n as u64 + 10)));
    samples
}

struct Collector(Mutex<Vec<Option<Vec<u8>>>>);

impl ContentSink for Collector {
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        let bytes = match bytes {
            ContentBytes::Whole(bytes) => bytes.to_vec(),
            ContentBytes::Stream(reader) => {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).unwrap();
                bytes
            }
        };
        self.0.lock().unwrap()[key as usize] = Some(bytes);
        Ok(())
    }

    fn failed(&self, _key: u64, error: Error) -> Result<()> {
        Err(error)
    }
}

#[test]
fn what_is_stored_comes_back_in_every_layout_and_codec() {
    let contents = samples();
    for settings in every_setting() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let (_, tokens) = store(&repository, &contents, None);
        let (_, again) = store(&repository, &contents, None);
        assert_eq!(tokens, again, "{settings:?}: stored a second time");

        let repository = Repository::open(&place).unwrap();
        for (token, content) in tokens.iter().zip(&contents) {
            let mut bytes = Vec::new();
            let mut reader = repository.open_contents_read_only(token).unwrap();
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == *content, "{settings:?}");
            let middle = content.len() as u64 / 2;
            reader.seek(SeekFrom::Start(middle)).unwrap();
            bytes.clear();
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == content[middle as usize..], "{settings:?}");
        }

        let collector = Collector(Mutex::new(vec![None; contents.len()]));
        let wanted = tokens.iter().enumerate().map(|(key, token)| Wanted {
            token: *token,
            key: key as u64,
        });
        repository
            .copy_many(wanted.collect(), &collector, &Monitor::new())
            .unwrap();
        let collected = collector.0.into_inner().unwrap();
        for (bytes, content) in collected.iter().zip(&contents) {
            assert!(bytes.as_ref() == Some(content), "{settings:?}");
        }
    }
}

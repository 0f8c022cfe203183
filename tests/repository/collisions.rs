//! Different contents with the same SHA-1 are different contents.

use gibus::format::digest::Sha1;
use gibus::repository::Repository;
use gibus::repository::settings::Layout;

use crate::colliding_pairs::colliding_pairs;
use crate::support::{assert_contents, check, every_setting, monitor, store};

#[test]
fn both_of_a_colliding_pair_are_kept() {
    for pair in colliding_pairs() {
        assert_eq!(Sha1::of(&pair[0]), Sha1::of(&pair[1]));
        assert_ne!(pair[0], pair[1]);
        for settings in every_setting() {
            for is_one_session in [true, false] {
                let folder = tempfile::tempdir().unwrap();
                let place = folder.path().join("repository");
                let repository = Repository::create(&place, &settings).unwrap();
                let tokens = if is_one_session {
                    store(&repository, &pair, None).1
                } else {
                    let (_, mut tokens) = store(&repository, &pair[..1], None);
                    tokens.extend(store(&repository, &pair[1..], None).1);
                    tokens
                };
                assert_eq!(tokens[0].sha1, tokens[1].sha1);
                assert_ne!(tokens[0], tokens[1]);
                let (_, again) = store(&repository, &pair, None);
                assert_eq!(tokens, again, "{settings:?}: stored a second time");
                assert_contents(&repository, &tokens, &pair);
                let report = check(&repository);
                assert!(report.findings.is_empty(), "{:?}", report.findings);
            }
        }
    }
}

#[test]
fn a_colliding_pair_survives_conversion() {
    for pair in colliding_pairs() {
        for from in every_setting() {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("repository");
            let mut repository = Repository::create(&place, &from).unwrap();
            let (_, tokens) = store(&repository, &pair, None);
            for to in every_setting() {
                (repository, _) = repository.convert(&to, &monitor()).unwrap();
                assert_contents(&repository, &tokens, &pair);
                let loose = to.layout == Layout::Loose;
                assert_eq!(
                    place
                        .join("packs")
                        .read_dir()
                        .is_ok_and(|mut d| d.next().is_some()),
                    !loose
                );
            }
            let report = check(&repository);
            assert!(report.findings.is_empty(), "{:?}", report.findings);
        }
    }
}

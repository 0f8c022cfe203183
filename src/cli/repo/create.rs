//! `gibus repo create`: a new, empty repository.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::json::JsonRepository;
use crate::cli::paths;
use crate::format::compression::Codec;
use crate::fs::escaped_path;
use crate::repository::Repository;
use crate::repository::settings::{Layout, Settings};
use crate::snapshot::places::RepositoryName;

/// Make a new repository
#[derive(Args, Debug)]
pub struct Options {
    /// Name for it
    #[arg(value_name = "NAME")]
    pub name: RepositoryName,

    /// The folder to make it in, e.g. of another disk; ~/.local/share/gibus if left out
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub location: Option<PathBuf>,

    /// How contents lie on the disk
    #[arg(long, value_enum)]
    pub layout: Option<LayoutName>,

    /// How contents are compressed
    #[arg(long, value_enum)]
    pub codec: Option<CodecName>,

    /// How hard to compress: zstd 1 to 19 (3 if left out), gzip 1 to 9 (6)
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub level: Option<i32>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let layout = options.layout.unwrap_or(LayoutName::Packed);
    // A loose repository is for those who want to read it with zcat.
    let codec = options.codec.unwrap_or(match layout {
        LayoutName::Packed => CodecName::Zstd,
        LayoutName::Loose => CodecName::Gzip,
    });
    let settings = Settings::new(layout.into(), codec.into(), options.level)?;
    let location = options
        .location
        .as_deref()
        .map(paths::absolute)
        .transpose()?;
    let found = context
        .catalog
        .create_repository(&options.name, location.as_deref(), &settings)?;
    tell(
        context,
        "repository_created",
        &found.name,
        &found.repository,
    )
}

/// Tells that a repository was made or adopted.
pub fn tell(
    context: &mut Context,
    message_type: &'static str,
    name: &RepositoryName,
    repository: &Repository,
) -> Outcome {
    if context.out.is_json() {
        context.out.document(&Document {
            message_type,
            repository: JsonRepository::new(name, repository),
        })?;
    } else {
        let place = escaped_path(repository.place());
        let done = match message_type {
            "repository_adopted" => "Adopted",
            _ => "Made",
        };
        context
            .out
            .tell(&format!("{done} the repository {name} in {place}"))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    repository: JsonRepository,
}

impl From<LayoutName> for Layout {
    fn from(name: LayoutName) -> Layout {
        match name {
            LayoutName::Packed => Layout::Packed,
            LayoutName::Loose => Layout::Loose,
        }
    }
}

impl From<CodecName> for Codec {
    fn from(name: CodecName) -> Codec {
        match name {
            CodecName::Zstd => Codec::Zstd,
            CodecName::Gzip => Codec::Gzip,
            CodecName::None => Codec::None,
        }
    }
}

/// The layouts, as they are named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// Packs of about 64 MiB: fast, few files, small
    Packed,
    /// One file for each content, which zcat can read
    Loose,
}

/// The codecs, as they are named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CodecName {
    Zstd,
    Gzip,
    None,
}

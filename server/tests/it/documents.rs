//! What the documents say is there: files that links lead to, paths and names of the code that maps speak of, commands, options and
//! variables.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use server::cli::Cli;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The documents, each by its path from the root, and its text.
fn documents() -> Vec<(PathBuf, String)> {
    let fixed = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "benches/README.md"].map(PathBuf::from);
    let docs = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| Path::new("docs").join(entry.unwrap().file_name()));
    let all =
        fixed.into_iter().chain(docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    all.map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap())).collect()
}

/// The parts of a text between two marks.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close).map(|(inside, _)| inside))
}

/// What stands as code in running text, not in blocks of it.
fn code(text: &str) -> BTreeSet<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// All source text of the system, and the paths of its files.
fn sources() -> (String, Vec<PathBuf>) {
    let (mut text, mut paths) = (String::new(), Vec::new());
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path().join("src")).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path.clone());
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text += &fs::read_to_string(&path).unwrap();
            }
            paths.push(path);
        }
    }
    (text, paths)
}

#[test]
fn links_lead_to_files_and_headings_that_are_there() {
    let slug = |heading: &str| {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    for (path, text) in documents() {
        for link in between(&text, "](", ")").filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = root().join(&path).parent().unwrap().join(file);
            if !file.is_empty() {
                assert!(target.exists(), "{}: {link}", path.display());
            }
            if !heading.is_empty() {
                let text = if file.is_empty() { text.clone() } else { fs::read_to_string(target).unwrap() };
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.any(|line| slug(line.trim_start_matches('#')) == heading);
                assert!(is_there, "{}: {link}", path.display());
            }
        }
    }
}

#[test]
fn maps_speak_of_files_and_names_that_are_there() {
    let (source, paths) = sources();
    let is_file = |name: &str| {
        let name = name.trim_end_matches('/');
        let in_src = |ending: &str| paths.iter().any(|path| path.ends_with(format!("{name}{ending}")));
        root().join(name).exists() || in_src("") || in_src(".rs") || in_src("/mod.rs")
    };
    // `DataSet::append` is the name of a thing and of something that it does.
    let is_name = |name: &str| name.split("::").all(|part| source.contains(part));
    for map in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root().join(map)).unwrap();
        for name in code(&text) {
            let is_command = name.contains(' ') || name.starts_with('-');
            let is_pattern = name.contains(['=', '(', '*', '{']);
            if !is_command && !is_pattern {
                assert!(is_file(name) || is_name(name), "{map}: `{name}` is nowhere");
            }
        }
    }
}

/// The options of a command and of those below it, and the variables that stand for them.
fn options(command: &Command, names: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        names.extend(argument.get_long().map(|long| format!("--{long}")));
        names.extend(argument.get_env().map(|variable| variable.to_string_lossy().into_owned()));
    }
    command.get_subcommands().for_each(|command| options(command, names));
}

#[test]
fn commands_options_and_variables_of_the_documents_exist() {
    let cli = Cli::command();
    let mut known: BTreeSet<String> = BTreeSet::new();
    options(&cli, &mut known);
    // Read by the program itself, not by its command line.
    known.extend(["PP_LOG", "PP_SECRET_KEY", "--help"].map(str::to_owned));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    for (path, text) in documents() {
        let variables = text.split(|c| !is_name(c)).filter(|word| word.starts_with("PP_") && word.len() > 3);
        for variable in variables {
            assert!(known.contains(variable), "{}: there is no variable {variable}", path.display());
        }
        for call in between(&text, "performance-platform ", "\n") {
            let call = call.split(['`', '#', '|']).next().unwrap_or_default();
            let mut words = call.split_whitespace();
            let Some(name) = words.next().filter(|word| word.chars().all(|c| c.is_ascii_lowercase())) else {
                continue;
            };
            // In running text the word after the program's name is any word.
            if let Some(command) = cli.find_subcommand(name) {
                let mut of_command = BTreeSet::from(["--help".to_owned()]);
                options(command, &mut of_command);
                for option in words.filter(|word| word.starts_with("--")) {
                    let option =
                        option.split('=').next().unwrap_or_default().trim_end_matches(|c| !is_name(c));
                    assert!(of_command.contains(option), "{}: {name} has no option {option}", path.display());
                }
            }
        }
    }
}

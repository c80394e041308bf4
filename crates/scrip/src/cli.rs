//! The command line: names, helps, and which module does the work.

use clap::{Parser, Subcommand};

use crate::commands::{admin, bench, config, demo, doctor, migrate, replay, serve, trigger, verify};
use crate::exit::Exit;

const EXIT_CODES: &str = "\
Exit codes: 0 ok, 1 the thing checked is wrong, 2 usage, 3 authentication, 4 not found, 5 conflict, 6 refused by a rule, \
7 unavailable (try again).

Try it: `scrip demo` runs everything in one process and prints what to do next.";

/// Self-hosted prepaid credits: sell them, keep them, let software spend them, show the truth about them.
#[derive(Debug, Parser)]
#[command(name = "scrip", version, after_help = EXIT_CODES, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Trigger(trigger::Args),
    Serve(serve::Args),
    Migrate(migrate::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Verify(verify::Args),
    Replay(replay::Args),
    Bench(bench::Args),
    Admin(admin::Args),
}

impl Cli {
    /// Runs the command that was named.
    pub fn run(self) -> Result<(), Exit> {
        match self.command {
            Command::Demo(args) => demo::run(args),
            Command::Trigger(args) => trigger::run(args),
            Command::Serve(args) => serve::run(args),
            Command::Migrate(args) => migrate::run(args),
            Command::Doctor(args) => doctor::run(args),
            Command::Config(args) => config::run(args),
            Command::Verify(args) => verify::run(args),
            Command::Replay(args) => replay::run(args),
            Command::Bench(args) => bench::run(args),
            Command::Admin(args) => admin::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every command below one, with its path.
    fn all(path: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        let path = format!("{path} {}", command.get_name()).trim().to_owned();
        for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
            all(&path, below, found);
        }
        found.push((path, command.clone()));
    }

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_with_an_example() {
        let mut found = Vec::new();
        all("", &Cli::command(), &mut found);
        assert!(found.len() > 20, "{}", found.len());
        for (path, command) in found {
            let help = command.clone().render_long_help().to_string();
            let example = help.split_once("Example:").is_some_and(|(_, example)| example.contains(&path));
            assert!(example || path == "scrip", "`{path} --help` shows no example");
        }
    }

    #[test]
    fn helps_read_as_reviewed() {
        let mut found = Vec::new();
        all("", &Cli::command(), &mut found);
        let help = |(path, command): (String, clap::Command)| {
            format!("## {path}\n\n{}", command.bin_name(&path).term_width(100).render_long_help())
        };
        insta::assert_snapshot!("help", found.into_iter().rev().map(help).collect::<Vec<_>>().join("\n"));
    }
}

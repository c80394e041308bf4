//! What has to be undone when a run ends, also when it ends by Ctrl-C: servers killed, file systems unmounted.

use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

static PENDING: Mutex<Pending> = Mutex::new(Pending { commands: Vec::new(), last_number: 0, interrupted: false });

struct Pending {
    /// The commands still to be run, with the number of the value that stands for each.
    commands: Vec<(u64, Vec<String>)>,
    /// No number is given twice: a value that was told to forget must not take another's command when it is dropped.
    last_number: u64,
    /// The run is ending; what is begun from now on ends at once.
    interrupted: bool,
}

/// A command that runs when this is dropped, or when the run is interrupted.
pub struct Undo(u64);

impl Undo {
    /// For `words`, a program and its arguments.
    pub fn new(words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut pending = pending();
        pending.last_number += 1;
        let number = pending.last_number;
        if pending.interrupted {
            run(&words);
        } else {
            pending.commands.push((number, words));
        }
        Undo(number)
    }

    /// For a process group that this program started.
    pub fn kill(group: u32) -> Self {
        Undo::new(&["kill", "-KILL", "--", &format!("-{group}")])
    }

    /// There is nothing left to undo.
    pub fn forget(&self) {
        take(self.0);
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if let Some(words) = take(self.0) {
            run(&words);
        }
    }
}

fn pending() -> MutexGuard<'static, Pending> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(number: u64) -> Option<Vec<String>> {
    let commands = &mut pending().commands;
    let at = commands.iter().position(|(other, _)| *other == number)?;
    Some(commands.remove(at).1)
}

fn run(words: &[String]) {
    let _ = Command::new(&words[0]).args(&words[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// From now on Ctrl-C and SIGTERM undo everything, latest first, and end the program with 130.
pub fn on_interrupt() {
    std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            let commands = {
                let mut pending = pending();
                pending.interrupted = true;
                std::mem::take(&mut pending.commands)
            };
            commands.iter().rev().for_each(|(_, words)| run(words));
            std::process::exit(130);
        });
    });
}

/// Before the program ends: an interruption may have made it fail, and is still undoing what there was.
pub fn finish() {
    while pending().interrupted {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_once_when_dropped_and_never_when_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let touch = |name: &str| Undo::new(&["touch", &file(name).to_string_lossy()]);
        let (one, two) = (touch("one"), touch("two"));
        two.forget();
        let three = touch("three");
        drop(two);
        assert!(!file("one").exists() && !file("two").exists() && !file("three").exists());
        drop(one);
        assert!(file("one").exists() && !file("two").exists() && !file("three").exists());
        drop(three);
        assert!(file("three").exists());
    }
}

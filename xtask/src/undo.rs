//! What has to be undone when a run ends, also when it ends by Ctrl-C: servers killed, file systems unmounted.

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The commands still to be run, with the number of the value that stands for each.
static PENDING: Mutex<Vec<(u64, Vec<String>)>> = Mutex::new(Vec::new());

/// A command that runs when this is dropped, or when the run is interrupted.
pub struct Undo(u64);

impl Undo {
    /// For `words`, a program and its arguments.
    pub fn new(words: &[&str]) -> Self {
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        let number = pending.last().map_or(0, |(number, _)| number + 1);
        pending.push((number, words.iter().map(|word| (*word).to_owned()).collect()));
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

fn take(number: u64) -> Option<Vec<String>> {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    let at = pending.iter().position(|(other, _)| *other == number)?;
    Some(pending.remove(at).1)
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
            let pending = std::mem::take(&mut *PENDING.lock().unwrap_or_else(PoisonError::into_inner));
            pending.iter().rev().for_each(|(_, words)| run(words));
            std::process::exit(130);
        });
    });
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
        drop(two);
        assert!(!file("one").exists() && !file("two").exists());
        drop(one);
        assert!(file("one").exists() && !file("two").exists());
    }
}

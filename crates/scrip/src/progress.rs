//! Progress of long work: a bar on a terminal, a plain line every tenth elsewhere, both on standard error.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// How far a known amount of work is. Shared by the tasks that do it.
pub struct Progress {
    bar: ProgressBar,
    label: &'static str,
    total: u64,
    done: AtomicU64,
}

impl Progress {
    /// Starts to show `total` steps of something; `quiet` shows nothing (for tests).
    pub fn new(label: &'static str, total: u64, quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(total) };
        let template = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(label);
        let plain = bar.is_hidden() && !quiet;
        Progress { bar, label: if plain { label } else { "" }, total, done: AtomicU64::new(0) }
    }

    /// So many steps more are done.
    pub fn add(&self, steps: u64) {
        let before = self.done.fetch_add(steps, Ordering::Relaxed);
        self.show(before, before + steps);
    }

    fn show(&self, before: u64, done: u64) {
        self.bar.inc(done.saturating_sub(before));
        let tenth = |done: u64| done.saturating_mul(10) / self.total.max(1);
        if !self.label.is_empty() && tenth(done) > tenth(before) {
            let (done, total) = (output::grouped(done), output::grouped(self.total));
            output::note(format!("{}: {done} of {total}", self.label));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

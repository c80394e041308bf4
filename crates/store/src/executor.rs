//! The queue before a writer: group commit without timers.
//!
//! One thread owns the writer. It waits for a job, takes what else is waiting, and gives all of it to the writer as one
//! commit; while that runs, the next batch gathers. Invariants: every job is answered, also at shutdown and after a
//! panic (a dropped answer reads as [`Failure::Unknown`]); a refused order never disturbs its neighbours; a batch that
//! could not be stored is tried once more order by order. What waits is bounded by weight (orders, not jobs); beyond
//! that callers get [`Failure::Busy`] at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::{Failure, Order, Receipt, Statement};

/// Orders of one commit at most: bounds how long a commit takes.
const BATCH_ORDERS: usize = 4096;
/// Without a commit for this long, the writer tidies up in the background.
const IDLE: Duration = Duration::from_millis(100);

/// What an order came to.
pub(crate) type Outcome = Result<Receipt, Failure>;
/// What a write of rows came to: rows changed by each statement.
pub(crate) type Written = Result<Vec<u64>, Failure>;

/// One thing of a commit.
#[allow(clippy::large_enum_variant, reason = "nearly all tasks are orders; a box each would cost more than it saves")]
pub(crate) enum Task {
    /// A command.
    Order(Order),
    /// Rows alone.
    Rows(Vec<Statement>),
}

/// What a task came to.
pub(crate) enum Done {
    Order(Outcome),
    Rows(Written),
}

impl Done {
    /// The same failure for either kind of task.
    pub(crate) fn failed(task: &Task, failure: Failure) -> Done {
        match task {
            Task::Order(_) => Done::Order(Err(failure)),
            Task::Rows(_) => Done::Rows(Err(failure)),
        }
    }
}

/// A commit that did not happen as a whole.
pub(crate) enum CommitError {
    /// Nothing of it is stored; each task may be tried alone.
    NotStored(Arc<str>),
    /// Nothing of it is stored, and the database is not there to try again.
    Unavailable(Arc<str>),
    /// It may be stored or not.
    Unknown,
}

/// The side of an engine that writes. One thread owns it.
pub(crate) trait Writer: Send + 'static {
    /// What readers may ask about state that only the writer has.
    type Question: Send + 'static;

    /// Does all tasks in one durable transaction. Answers stand in the order of the tasks.
    fn execute(&mut self, tasks: &[Task]) -> Result<Vec<Done>, CommitError>;

    /// Answers a reader; sees everything committed.
    fn answer(&mut self, question: Self::Question);

    /// Tidies up while nothing waits; says whether there is more to do.
    fn tidy(&mut self) -> bool;
}

enum Job<Q> {
    Order(Box<Order>, oneshot::Sender<Outcome>),
    Orders(Vec<Order>, oneshot::Sender<Vec<Outcome>>),
    Rows(Vec<Statement>, oneshot::Sender<Written>),
    Question(Q),
    Stop(oneshot::Sender<()>),
}

/// The callers' end of the queue.
pub(crate) struct Executor<Q> {
    jobs: Sender<Job<Q>>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
    stopping: AtomicBool,
}

impl<Q: Send + 'static> Executor<Q> {
    /// Starts the writer's thread, inside a tokio runtime that hands out the answers. `limit` orders may wait.
    pub(crate) fn start<W: Writer<Question = Q>>(writer: W, limit: usize) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let running = Worker { writer, queue, waiting: waiting.clone(), runtime: Handle::current() };
        std::thread::Builder::new().name("scrip-ledger".to_owned()).spawn(move || running.run())?;
        Ok(Executor { jobs, waiting, limit, stopping: AtomicBool::new(false) })
    }

    /// Submits one order.
    pub(crate) async fn order(&self, order: Order) -> Outcome {
        self.admit(1)?;
        let (answer, answered) = oneshot::channel();
        self.send(Job::Order(Box::new(order), answer))?;
        answered.await.unwrap_or(Err(Failure::Unknown))
    }

    /// Submits many orders.
    pub(crate) async fn orders(&self, orders: Vec<Order>) -> Vec<Outcome> {
        let count = orders.len();
        let submitted = self.admit(count).and_then(|()| {
            let (answer, answered) = oneshot::channel();
            self.send(Job::Orders(orders, answer)).map(|()| answered)
        });
        match submitted {
            Ok(answered) => answered.await.unwrap_or_else(|_| vec![Err(Failure::Unknown); count]),
            Err(failure) => vec![Err(failure); count],
        }
    }

    /// Submits rows.
    pub(crate) async fn rows(&self, rows: Vec<Statement>) -> Written {
        self.admit(1)?;
        let (answer, answered) = oneshot::channel();
        self.send(Job::Rows(rows, answer))?;
        answered.await.unwrap_or(Err(Failure::Unknown))
    }

    /// Puts a question; its answer channel is inside it.
    pub(crate) fn question(&self, question: Q) -> Result<(), Failure> {
        self.send(Job::Question(question))
    }

    /// Refuses what comes, waits until all that came before is answered and the writer is gone.
    pub(crate) async fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        let (answer, answered) = oneshot::channel();
        if self.jobs.send(Job::Stop(answer)).is_ok() {
            let _ = answered.await;
        }
    }

    fn admit(&self, weight: usize) -> Result<(), Failure> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(Failure::Stopping);
        }
        let before = self.waiting.fetch_add(weight, Ordering::AcqRel);
        // One job is always let in, however heavy: else it never could be.
        if before > 0 && before + weight > self.limit {
            self.waiting.fetch_sub(weight, Ordering::AcqRel);
            return Err(Failure::Busy);
        }
        Ok(())
    }

    fn send(&self, job: Job<Q>) -> Result<(), Failure> {
        self.jobs.send(job).map_err(|_| Failure::Stopping)
    }
}

/// Where the answers of one job go: to its single task, or to the next `n` tasks together.
enum Waiter {
    Order(oneshot::Sender<Outcome>),
    Orders(usize, oneshot::Sender<Vec<Outcome>>),
    Rows(oneshot::Sender<Written>),
}

/// What one turn of the loop did.
struct Round {
    committed: bool,
    /// Whom to tell that the writer is gone, when it is to go.
    stop: Option<oneshot::Sender<()>>,
}

struct Worker<W: Writer> {
    writer: W,
    queue: Receiver<Job<W::Question>>,
    waiting: Arc<AtomicUsize>,
    runtime: Handle,
}

impl<W: Writer> Worker<W> {
    fn run(mut self) {
        let mut untidy = true;
        let mut last_commit = Instant::now();
        loop {
            let wait = if untidy { IDLE.saturating_sub(last_commit.elapsed()) } else { Duration::MAX };
            match self.queue.recv_timeout(wait) {
                Ok(job) => {
                    let round = self.round(job);
                    if round.committed {
                        untidy = true;
                        last_commit = Instant::now();
                    }
                    if let Some(stopped) = round.stop {
                        while self.writer.tidy() {}
                        drop(self);
                        let _ = stopped.send(());
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Readers alone do not keep it from tidying up.
            if untidy && last_commit.elapsed() >= IDLE {
                untidy = self.writer.tidy();
            }
        }
    }

    /// One commit with all that waits, then the questions.
    fn round(&mut self, first: Job<W::Question>) -> Round {
        let mut tasks = Vec::new();
        let mut waiters = Vec::new();
        let mut questions = Vec::new();
        let mut stop = None;
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Order(order, answer) => {
                    tasks.push(Task::Order(*order));
                    waiters.push(Waiter::Order(answer));
                }
                Job::Orders(orders, answer) => {
                    waiters.push(Waiter::Orders(orders.len(), answer));
                    tasks.extend(orders.into_iter().map(Task::Order));
                }
                Job::Rows(rows, answer) => {
                    tasks.push(Task::Rows(rows));
                    waiters.push(Waiter::Rows(answer));
                }
                Job::Question(question) => questions.push(question),
                Job::Stop(answer) => {
                    stop = Some(answer);
                    break;
                }
            }
            next = if tasks.len() < BATCH_ORDERS { self.queue.try_recv().ok() } else { None };
        }
        let committed = !tasks.is_empty();
        if committed {
            let done = self.commit(&tasks);
            self.waiting.fetch_sub(tasks.len(), Ordering::AcqRel);
            // One wake-up of the runtime a batch, not one an answer: the writer's time is the scarcest.
            self.runtime.spawn(async move { answer(waiters, done) });
        }
        for question in questions {
            self.writer.answer(question);
        }
        Round { committed, stop }
    }

    fn commit(&mut self, tasks: &[Task]) -> Vec<Done> {
        match self.writer.execute(tasks) {
            Ok(done) => done,
            Err(CommitError::NotStored(reason)) if tasks.len() == 1 => {
                vec![Done::failed(&tasks[0], Failure::NotStored(reason))]
            }
            Err(CommitError::NotStored(_)) => {
                tasks.iter().flat_map(|task| self.commit(std::slice::from_ref(task))).collect()
            }
            Err(CommitError::Unavailable(reason)) => {
                tasks.iter().map(|task| Done::failed(task, Failure::NotStored(reason.clone()))).collect()
            }
            Err(CommitError::Unknown) => tasks.iter().map(|task| Done::failed(task, Failure::Unknown)).collect(),
        }
    }
}

/// A caller that has gone away does not want its answer; that is no error.
fn answer(waiters: Vec<Waiter>, done: Vec<Done>) {
    let mut done = done.into_iter();
    for waiter in waiters {
        match waiter {
            Waiter::Order(answer) => {
                if let Some(Done::Order(outcome)) = done.next() {
                    let _ = answer.send(outcome);
                }
            }
            Waiter::Orders(count, answer) => {
                let outcomes = done.by_ref().take(count).filter_map(|done| match done {
                    Done::Order(outcome) => Some(outcome),
                    Done::Rows(_) => None,
                });
                let _ = answer.send(outcomes.collect());
            }
            Waiter::Rows(answer) => {
                if let Some(Done::Rows(written)) = done.next() {
                    let _ = answer.send(written);
                }
            }
        }
    }
}

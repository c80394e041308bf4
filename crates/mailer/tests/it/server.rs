//! A mail server of the test: takes letters over plain SMTP, refuses as it is told, offers no TLS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A letter as it came.
#[derive(Clone, Debug)]
pub struct Taken {
    pub to: String,
    pub data: String,
}

#[derive(Default)]
struct Books {
    taken: Vec<Taken>,
    /// Everything that clients said, apart from letters.
    said: Vec<String>,
    /// Answers to RCPT by recipient, instead of yes.
    refusals: BTreeMap<String, &'static str>,
    /// The answer to AUTH, which is offered when there is one.
    auth: Option<&'static str>,
}

/// A server on a port of its own; it ends with its value.
pub struct MailServer {
    pub port: u16,
    books: Arc<Mutex<Books>>,
    task: JoinHandle<()>,
}

impl MailServer {
    pub async fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let books = Arc::new(Mutex::new(Books::default()));
        let shared = Arc::clone(&books);
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        MailServer { port, books, task }
    }

    pub fn refuse(&self, recipient: &str, answer: &'static str) {
        self.books.lock().unwrap().refusals.insert(recipient.to_owned(), answer);
    }

    pub fn accept(&self, recipient: &str) {
        self.books.lock().unwrap().refusals.remove(recipient);
    }

    pub fn ask_for_password(&self, answer: &'static str) {
        self.books.lock().unwrap().auth = Some(answer);
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.books.lock().unwrap().taken.clone()
    }

    pub fn said(&self) -> Vec<String> {
        self.books.lock().unwrap().said.clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: TcpStream, books: Arc<Mutex<Books>>) {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read).lines();
    let _ = write.write_all(b"220 test\r\n").await;
    let mut to = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let command = line.to_ascii_uppercase();
        books.lock().unwrap().said.push(line.clone());
        let answer = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => match books.lock().unwrap().auth {
                Some(_) => "250-test\r\n250 AUTH PLAIN".to_owned(),
                None => "250 test".to_owned(),
            },
            "AUTH" => books.lock().unwrap().auth.unwrap_or("503 no").to_owned(),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                books.lock().unwrap().refusals.get(&to).copied().unwrap_or("250 yes").to_owned()
            }
            "DATA" => {
                let _ = write.write_all(b"354 go on\r\n").await;
                let mut data = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                    data.push_str("\r\n");
                }
                books.lock().unwrap().taken.push(Taken { to: to.clone(), data });
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() || command == "QUIT" {
            break;
        }
    }
}

//! Into a folder, and nowhere.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use engine::mail::{Letter, State};
use engine::settings::{Language, Transport};
use mailer::send_due;

use crate::Post;

fn files(post: &Post) -> Vec<PathBuf> {
    let folder = post.folder.path().join("letters");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn each_letter_is_a_file_that_only_we_may_read() {
    let post = Post::start(|_| {}).await;
    assert!(post.mailer().check().await.unwrap().contains("letters"));
    post.write_test("one@example.com").await;
    let link = Letter::SignInLink {
        url: "https://pay.example/sign-in/hunter2".to_owned(),
        expires_at: post.a.now().plus_seconds(900),
    };
    post.write("two@example.com", None, Language::Ja, link).await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 2);
    let files = files(&post);
    let names: Vec<String> =
        files.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let ids: Vec<String> = post.letters().await.into_iter().map(|mail| mail.id).collect();
    let name = |kind: &str, id: &String| format!("20261120T120000Z-{kind}-{id}.eml");
    assert_eq!(names, [name("sign_in_link", &ids[1]), name("test", &ids[0])]);
    for path in &files {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
    let folder = files[0].parent().unwrap();
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(post.letters().await.iter().all(|mail| mail.state == State::Sent && mail.letter.is_none()));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let post = Post::start(|_| {}).await;
    // A file where the folder should be.
    let path = post.folder.path().join("letters");
    std::fs::write(&path, "x").unwrap();
    post.write_test("one@example.com").await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    assert_eq!(post.states().await[0].0, "waiting");
    assert!(post.mailer().check().await.unwrap_err().contains("mail.folder"));
    std::fs::remove_file(&path).unwrap();
    post.wait_seconds(61);
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_link_that_has_expired_is_not_sent() {
    let post = Post::start(|_| {}).await;
    let expires_at = post.a.now().plus_seconds(60);
    let link = Letter::SignInLink { url: "https://pay.example/sign-in/hunter2".to_owned(), expires_at };
    post.write("one@example.com", None, Language::En, link).await;
    post.wait_seconds(60);
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    let [mail] = post.letters().await.try_into().unwrap();
    assert_eq!((mail.state, mail.letter), (State::GivenUp, None));
    assert!(mail.failure.unwrap().contains("expired"));
}

#[tokio::test]
async fn when_it_is_off_each_letter_is_given_up_and_may_be_sent_later() {
    let post = Post::start(|settings| settings.mail.transport = Transport::Off).await;
    post.write_test("one@example.com").await;
    assert_eq!(send_due(&post.a, &post.mailer()).await.unwrap(), 0);
    let [mail] = post.letters().await.try_into().unwrap();
    assert_eq!(mail.state, State::GivenUp);
    assert!(mail.failure.unwrap().contains("mail.transport"));
    assert!(post.mailer().check().await.unwrap().starts_with("off"));
    let again = engine::mail::retry(&post.a, &mail.id).await.unwrap();
    assert_eq!((again.state, again.letter.is_some()), (State::Waiting, true));
}

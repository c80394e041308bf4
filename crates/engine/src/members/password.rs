//! Passwords: which are accepted, and how they are kept.
//!
//! Argon2id with the settings' cost; a hash says its own cost, so older ones stay valid. Hashing runs beside the
//! requests, few at a time, because each takes a core and much memory for tens of milliseconds. Who has no password, or
//! does not exist, costs as much as who has one. Rules: OWASP ASVS 5.0, 6.2: at least 8 characters, long ones welcome,
//! nothing about their kinds, none that many people use. Deliberately absent: expiry, hints, asking a list elsewhere.

use std::collections::HashSet;
use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OnceCell, Semaphore};
use unicode_normalization::UnicodeNormalization;

use crate::settings::{Secret, SignIn};
use crate::{Error, Result};

/// Shortest password, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// Longest password, in characters.
pub const MAX_PASSWORD_CHARS: usize = 256;

/// Words and runs of keys that many passwords are made of, in lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Makes and checks hashes.
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    permits: Semaphore,
    /// What is checked when there is no hash.
    decoy: OnceCell<String>,
}

impl Passwords {
    /// # Errors
    /// [`Error::Misconfigured`] for a cost that Argon2 does not know.
    pub(crate) fn new(settings: &SignIn) -> Result<Passwords> {
        let params = Params::new(settings.hash_memory_kib, settings.hash_passes, 1, None)
            .map_err(|error| Error::Misconfigured(format!("sign_in.hash_memory_kib, sign_in.hash_passes: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let permits = Semaphore::new(usize::try_from(settings.parallel_hashes).unwrap_or(1));
        Ok(Passwords { argon2, permits, decoy: OnceCell::new() })
    }

    /// The hash of a password, as a PHC string.
    pub(super) async fn hash(&self, password: &Secret) -> Result<String> {
        let (argon2, password) = (self.argon2.clone(), normalized(password));
        self.aside(move || {
            let hash = argon2.hash_password(password.expose().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| failed(&error))
        })
        .await?
    }

    /// Whether this is the password of a hash. Takes as long when there is none.
    pub(super) async fn matches(&self, hash: Option<String>, password: &Secret) -> Result<bool> {
        let decoy = self.decoy.get_or_try_init(async || self.hash(&super::secrets::token()).await).await?.clone();
        let (known, hash) = (hash.is_some(), hash.unwrap_or(decoy));
        let password = normalized(password);
        let matches = self.aside(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| failed(&error))?;
            Ok::<_, Error>(Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
        });
        Ok(matches.await?? && known)
    }

    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _permit = self.permits.acquire().await.map_err(|error| failed(&error))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("a password cannot be hashed: {error}"))
}

/// One form for what looks the same: keyboards differ in how they compose letters. Source: NIST SP 800-63B.
fn normalized(password: &Secret) -> Secret {
    Secret::new(password.expose().nfkc().collect::<String>())
}

/// Whether a new password may be used. `own`: texts about the person, which others would try first.
///
/// # Errors
/// Code `password_too_short`, `password_too_long` or `password_too_common`.
pub(super) fn check(password: &Secret, own: &[&str]) -> Result<()> {
    let text = normalized(password);
    let chars = text.expose().chars().count();
    let invalid = |code, detail: &str| Error::Invalid { param: "password".into(), code, detail: detail.to_owned() };
    if chars < MIN_PASSWORD_CHARS {
        return Err(invalid("password_too_short", "must have at least 8 characters; 15 or more are better"));
    }
    if chars > MAX_PASSWORD_CHARS {
        return Err(invalid("password_too_long", "must have at most 256 characters"));
    }
    if is_common(text.expose(), own) {
        let detail =
            "is one that many people use, or says who you are; choose several words that do not belong together";
        return Err(invalid("password_too_common", detail));
    }
    Ok(())
}

/// Whether a password is a word that many use or that says who somebody is, apart from repeats, digits and signs around
/// it and letters written as digits; or a run such as 12345678.
fn is_common(password: &str, own: &[&str]) -> bool {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.lines().collect());
    let lower = password.to_lowercase();
    let unit = repeated_unit(&lower);
    let distinct = unit.chars().collect::<HashSet<_>>().len();
    let core = unit.trim_matches(|character: char| !character.is_alphabetic());
    let plain: String = core.chars().map(letter).collect();
    let own: Vec<String> =
        own.iter().map(|word| word.to_lowercase()).filter(|word| word.chars().count() >= 4).collect();
    let is_known = |word: &str| KNOWN.contains(word) || own.iter().any(|own| own == word);
    distinct < 4 || is_run(unit) || [unit, core, &plain].into_iter().any(is_known)
}

/// The shortest text of which this one is a repetition; often itself.
fn repeated_unit(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    let mut units = ends.filter(|end| text.len().is_multiple_of(*end)).map(|end| &text[..end]);
    units.find(|unit| unit.repeat(text.len() / unit.len()) == text).unwrap_or(text)
}

/// Whether each character is the next one, or the one before, as in `abcdefgh` and `87654321`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|character| i64::from(u32::from(character))).collect();
    [1, -1].into_iter().any(|step| codes.windows(2).all(|pair| pair[1] - pair[0] == step))
}

/// The letter that a digit or a sign stands for.
fn letter(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_kinds_of_characters_do_not() {
        let (long, too_long) = ("x y".repeat(85) + "z", "x y".repeat(86));
        // password, code
        let table = [
            ("", Some("password_too_short")),
            ("a7%Kq9z", Some("password_too_short")),
            ("a7%Kq9zb", None),
            ("correct horse battery staple", None),
            ("おやすみなさい、まどか", None),
            ("thành phố không ngủ", None),
            ("nevrenlostdol", None),
            (long.as_str(), None),
            (too_long.as_str(), Some("password_too_long")),
        ];
        for (password, expected) in table {
            let code = match check(&Secret::new(password), &[]) {
                Err(Error::Invalid { code, .. }) => Some(code),
                other => other.map(|()| None).unwrap(),
            };
            assert_eq!(code, expected, "{password}");
        }
    }

    #[test]
    fn what_many_people_use_is_refused() {
        let common = [
            "password",
            "Password1",
            "P@ssw0rd123!",
            "passwordpassword",
            "12345678",
            "1234567890",
            "87654321",
            "aaaaaaaa",
            "12121212",
            "abcabcabc",
            "abcdefgh",
            "qwertyuiop",
            "1q2w3e4r",
            "1qaz2wsx",
            "qwer1234",
            "letmein!!",
            "iloveyou2",
            "matkhau123",
            "sakura2026",
            "11223344",
            "admin@123",
        ];
        for password in common {
            assert!(is_common(password, &[]), "{password}");
        }
        let own = ["lan.nguyen", "lan.nguyen@example.com", "Nguyễn Thị Lan", "Scrip", "Lan"];
        for password in ["lan.nguyen1", "LAN.NGUYEN@example.com", "nguyễn thị lan", "scrip2026", "Scr1p!!!"] {
            assert_eq!((is_common(password, &own), is_common(password, &[])), (true, false), "{password}");
        }
        assert!(!is_common("lanscape-of-old", &own), "a short name is part of many words");
    }

    #[tokio::test]
    async fn a_hash_says_its_cost_and_knows_its_password() {
        let passwords = Passwords::new(&SignIn::default()).unwrap();
        // The same letters, composed and not.
        let (typed, other_keyboard) = (Secret::new("vi\u{1ec7}t nam 1975"), Secret::new("vie\u{323}\u{302}t nam 1975"));
        let hash = passwords.hash(&typed).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let matches = async |hash: Option<&str>, password: &Secret| {
            passwords.matches(hash.map(str::to_owned), password).await.unwrap()
        };
        assert!(matches(Some(&hash), &typed).await);
        assert!(matches(Some(&hash), &other_keyboard).await);
        assert!(!matches(Some(&hash), &Secret::new("viet nam 1975")).await);
        assert!(!matches(None, &typed).await);
        assert_ne!(passwords.hash(&typed).await.unwrap(), hash, "each has a salt of its own");
    }
}

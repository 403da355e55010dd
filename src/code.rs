//! The one table of codes: why a user was not reset, what follows from it, and what to do about it. The header, the
//! module's help and its error categories are compared with this table by tests.

/// What follows from a code, beside its text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    /// Every other user would meet the same failure, so a batch begins no other.
    EveryonesFailure,
    /// Where the API itself says it, it accepts the key.
    ProofOfKey,
    /// Every other user would probably meet it, if it is the first answer.
    SuspectIfFirst,
    /// Surely nothing was done, and sending the request again may help.
    Passing,
}

struct Row {
    text: &'static str,
    is: Option<Is>,
    hint: &'static str,
}

macro_rules! codes {
    ($($name:ident = $text:literal, [$($is:ident)?], $hint:literal;)*) => {
        /// Why a user was not reset. The text is stable: programs compare it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $hint] $name),* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn row(self) -> Row {
                match self {
                    $(Self::$name => Row { text: $text, is: None$(.or(Some(Is::$is)))?, hint: $hint }),*
                }
            }
        }
    };
}

codes! {
    ArgumentInvalid = "Argument.Invalid", [], "Correct the argument; nothing was sent.";
    IdInvalid = "Id.Invalid", [], "Give the user's id as JumpCloud shows it, 24 hexadecimal digits; nothing was sent.";
    NameInvalid = "Name.Invalid", [],
        "Give the username or the e-mail address as JumpCloud shows it, without blanks around it and without * or ?; nothing was sent.";
    BodyInvalid = "Body.Invalid", [], "Correct the body or the record, then reset this user; nothing was sent.";
    UserAmbiguous = "User.Ambiguous", [], "Give the id of the user who is meant; nobody was reset.";
    ExclusionInvalid = "Exclusion.Invalid", [], "Give true, false or nothing; nothing was sent.";
    ExclusionUntilInvalid = "ExclusionUntil.Invalid", [], "Give a date between 1970 and 9999 in ISO 8601; nothing was sent.";
    ExclusionUntilPast = "ExclusionUntil.Past", [], "Give a date in the future, or say that a past one is meant; nothing was sent.";
    ExclusionUntilTooFar = "ExclusionUntil.TooFar", [],
        "Give a date before the year 2400, or say that so late a one is meant; nothing was sent.";
    KeyMissing = "Key.Missing", [], "Set JCApiKey to an administrator's API key; nothing was sent.";
    KeyInvalid = "Key.Invalid", [], "Copy the API key again, without blanks or line breaks; nothing was sent.";
    EnvironmentInvalid = "Environment.Invalid", [], "Use STANDARD, EU or IN; nothing was sent.";
    UrlInvalid = "Url.Invalid", [],
        "Use an https URL, or http on this machine, without user, query or fragment; for a proxy an http URL. Nothing was sent.";
    ConfigurationInvalid = "Configuration.Invalid", [], "Correct the setting; nothing was sent.";
    TlsNoAuthorities = "Tls.NoAuthorities", [],
        "Install the system's certificate authorities (the package ca-certificates), or set SSL_CERT_FILE to a PEM file of them; nothing was sent.";
    AuthRefused = "Auth.Refused", [EveryonesFailure], "Check the API key: it may be wrong, withdrawn, or of another region.";
    AuthLoginRedirect = "Auth.LoginRedirect", [EveryonesFailure],
        "Check the API key: the server asked for a log-in, as it does when it sees no key.";
    OrganizationRequired = "Organization.Required", [EveryonesFailure],
        "Set JCOrgId to the organization's id: this key belongs to an administrator of several.";
    PermissionRefused = "Permission.Refused", [],
        "Check the administrator's role, the organization and the region; after many calls it may also be a rate block, so wait and try again.";
    UserNotFound = "User.NotFound", [ProofOfKey], "Check the user's id, the organization and the region; if no user is found, check the URL as well.";
    UrlSuspect = "Url.Suspect", [SuspectIfFirst],
        "Check the URL, which is given without /api at its end, and what stands in front of the API; nothing has changed.";
    LookupFailed = "Lookup.Failed", [],
        "Nobody was reset: try again, or give the user's id, which needs no search.";
    LookupNotExact = "Lookup.NotExact", [],
        "Nobody was reset: give the user's id, and see what stands in front of the API, which searches exactly.";
    RequestRefused = "Request.Refused", [ProofOfKey],
        "The request was refused as it is; the server's message, if it gave one, says why. Nothing has changed.";
    RateLimitExceeded = "RateLimit.Exceeded", [Passing], "Wait, then reset this user again with fewer at once; nothing has changed.";
    ServiceUnavailable = "Service.Unavailable", [Passing], "Wait, then reset this user again; nothing has changed.";
    RedirectRefused = "Redirect.Refused", [EveryonesFailure],
        "Check the URL and what stands in front of it: the API does not redirect, and redirects are never followed.";
    ConnectionRefused = "Connection.Refused", [Passing], "Check the address and that the server runs; nothing was sent.";
    ConnectionNotMade = "Connection.NotMade", [], "Check the network, the firewall and the proxy; nothing was sent.";
    NameNotFound = "Name.NotFound", [EveryonesFailure], "Check the host's name and the DNS; nothing was sent.";
    NameLookupFailed = "Name.LookupFailed", [Passing],
        "Check the DNS, the network and the limits of this process, then reset this user again; nothing was sent.";
    TlsNotTrusted = "Tls.NotTrusted", [EveryonesFailure],
        "Check who answers there; if a proxy of your own inspects TLS, have the system trust its certificate authority. Nothing was sent.";
    ProxyRefused = "Proxy.Refused", [EveryonesFailure],
        "Check the proxy's address, user and password, and that it allows this host; nothing was sent.";
    AnswerTimedOut = "Answer.TimedOut", [], "Look the user up before resetting again: the server may have acted.";
    AnswerLost = "Answer.Lost", [], "Look the user up before resetting again: the server may have acted.";
    AnswerNotUnderstood = "Answer.NotUnderstood", [],
        "Look the user up before resetting again, and see what stands in front of the API: the answer is not the API's.";
    ServerFailed = "Server.Failed", [], "Look the user up before resetting again: the server may have acted before it failed.";
    NotTried = "NotTried", [], "Correct what stopped the batch, then reset this user.";
    DuplicateUser = "DuplicateUser", [], "See the first result of this user; this request was not sent.";
    JournalAlreadyReset = "Journal.AlreadyReset", [],
        "Nothing is to be done: an earlier run has reset this user, and a second reset would throw away what was set up since.";
    JournalUnfinished = "Journal.Unfinished", [],
        "Look the user up; where the reset was not done, go on with retry-unknown. This request was not sent.";
    JournalInUse = "Journal.InUse", [], "Wait until the run that writes this journal has ended; nothing was sent.";
    JournalNotLockable = "Journal.NotLockable", [],
        "Put the journal on a local disk: this file system cannot lock a file. Nothing was sent.";
    JournalUnreadable = "Journal.Unreadable", [],
        "Give a journal, or the path of a file that is not there yet. If a journal is damaged, list from it who was reset and who is unknown, and go on with the others in a new one; nothing was sent, and the file is unchanged.";
    JournalMismatch = "Journal.Mismatch", [],
        "Give the journal of this URL and organization, or the path of a new one; nothing was sent.";
    JournalNotWritten = "Journal.NotWritten", [EveryonesFailure],
        "Check the disk, its free space and the folder, then go on with resume; nothing was sent.";
    Cancelled = "Cancelled", [],
        "Reset this user again if it is still wanted, but where the outcome is unknown only after looking the user up.";
    PanicUnsent = "Internal.NotSent", [], "This is a defect of jcsdk: please report it. Nothing has changed.";
    Panic = "Internal.Panic", [], "This is a defect of jcsdk: please report it. Look the user up before resetting again.";
}

impl Code {
    pub fn as_str(self) -> &'static str {
        self.row().text
    }

    /// What the person who reads it should do next.
    pub fn hint(self) -> &'static str {
        self.row().hint
    }

    /// Every other user of the same batch would meet this failure as well, so the batch begins no other.
    pub fn stops_batch(self) -> bool {
        self.row().is == Some(Is::EveryonesFailure)
    }

    /// As [`stops_batch`](Self::stops_batch), where nothing was accepted before.
    pub fn stops_batch_if_first(self) -> bool {
        self.row().is == Some(Is::SuspectIfFirst)
    }

    /// An answer of the API itself with this code proves that it accepts the key.
    pub fn proves_key(self) -> bool {
        self.row().is == Some(Is::ProofOfKey)
    }

    /// Surely nothing was done, and the same request may be sent again.
    pub fn may_be_sent_again(self) -> bool {
        self.row().is == Some(Is::Passing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_have_a_hint() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert!(code.hint().ends_with('.'), "{code:?}");
            assert!(Code::ALL[i + 1..].iter().all(|other| other.as_str() != code.as_str()), "{code:?}");
        }
    }
}

//! The journal's file: opened, locked and read, then appended to.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::line::Place;
use super::reader::{Read, Reader};
use crate::code::Code;
use crate::outcome::Fault;

/// What the writer needs of a file. A test has another one, which records.
pub trait Disk: Send {
    /// Appends as much as goes in at once.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Returns when what was written is on the disk, in the file that has the journal's name.
    fn sync(&mut self) -> io::Result<()>;

    /// Shortens the file, if it has the length `from`.
    fn cut(&mut self, from: u64, to: u64) -> io::Result<()>;

    /// Users with these numbers may be sent from now on.
    fn released(&mut self, _numbers: &[u64]) {}
}

/// The open file. It is locked for as long as this lives.
#[derive(Debug)]
pub struct JournalFile {
    file: File,
    path: PathBuf,
}

/// Opens the file, or creates it, locks it, and reads it.
pub fn open(path: &Path, place: Place) -> Result<(JournalFile, Read, u64), Fault> {
    let path = absolute(path)?;
    let (file, is_new) = open_to_write(&path)?;
    // Windows has no metadata of a device.
    is_regular(&file.metadata().map_err(|error| not_read(&error))?)?;
    lock(&file)?;
    let mut journal = JournalFile { file, path };
    journal.has_its_name().map_err(|error| not_written("cannot be opened", &error))?;
    let (read, mut length) = read_all(&mut journal.file, place)?;
    if !read.ends_line {
        // So that the torn line stays one of its own.
        journal.file.write_all(b"\n").map_err(|error| not_written("could not be written", &error))?;
        length += 1;
    }
    if is_new || read.is_empty {
        sync_folder(&journal.path)
            .map_err(|error| not_written("could not be put into its folder", &error))?;
    }
    Ok((journal, read, length))
}

/// Reads the file, if there is one, and leaves it alone.
pub fn look(path: &Path, place: Place) -> Result<Read, Fault> {
    let path = absolute(path)?;
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Reader::new(place).finish(),
        Err(error) => return Err(not_read(&error)),
        Ok(found) => is_regular(&found)?,
    }
    let mut options = OpenOptions::new();
    not_waiting(options.read(true));
    let mut file = options.open(&path).map_err(|error| not_read(&error))?;
    is_regular(&file.metadata().map_err(|error| not_read(&error))?)?;
    Ok(read_all(&mut file, place)?.0)
}

fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    std::path::absolute(path).map_err(|error| not_read(&error))
}

fn open_to_write(path: &Path) -> Result<(File, bool), Fault> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.append(true).mode(0o600);
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_SHARE_READ: u32 = 1;
        options.write(true).share_mode(FILE_SHARE_READ);
    }
    #[cfg(not(any(unix, windows)))]
    options.append(true);
    not_waiting(&mut options);
    // A file may come or go in between.
    for _ in 0..3 {
        // Before it is opened, because to open a device may do something.
        if let Ok(found) = fs::metadata(path) {
            is_regular(&found)?;
        }
        for is_new in [false, true] {
            match options.clone().create_new(is_new).open(path) {
                Ok(file) => return Ok((file, is_new)),
                Err(error) if error.kind() == io::ErrorKind::NotFound && !is_new => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if is_shared_out(&error) => return Err(in_use()),
                Err(error) => return Err(not_written("cannot be opened", &error)),
            }
        }
    }
    let message = "the journal cannot be opened: its name is a link that leads to no file";
    Err(Fault::new(Code::JournalNotWritten, message))
}

/// A pipe that takes the file's place would otherwise be waited for.
fn not_waiting(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NONBLOCK | libc::O_NOCTTY);
    #[cfg(not(unix))]
    let _ = options;
}

fn is_regular(found: &fs::Metadata) -> Result<(), Fault> {
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_dir() { "it is a folder" } else { "it is no regular file" };
    Err(Fault::new(Code::JournalUnreadable, &format!("the journal cannot be read: {what}")))
}

/// On Windows the share mode with which the file was opened is the lock.
fn lock(file: &File) -> Result<(), Fault> {
    if cfg!(windows) {
        return Ok(());
    }
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(error)) => {
            let message = format!("the journal cannot be locked: {error}");
            Err(Fault::new(Code::JournalNotLockable, &message))
        }
    }
}

/// Windows says that another program has the file open and does not share it.
fn is_shared_out(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    cfg!(windows) && error.raw_os_error() == Some(ERROR_SHARING_VIOLATION)
}

fn in_use() -> Fault {
    Fault::new(Code::JournalInUse, "another run writes to this journal")
}

fn read_all(file: &mut File, place: Place) -> Result<(Read, u64), Fault> {
    let mut reader = Reader::new(place);
    let mut piece = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((reader.finish()?, length)),
            Ok(n) => {
                length += n as u64;
                reader.feed(&piece[..n])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(not_read(&error)),
        }
    }
}

/// A new file can be lost with its folder's entry, whatever is on the disk of its content.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let path = fs::canonicalize(path)?;
    let Some(folder) = path.parent() else { return Ok(()) };
    match File::open(folder)?.sync_all() {
        // Some network file systems have nothing to sync there.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

fn not_read(error: &io::Error) -> Fault {
    Fault::new(Code::JournalUnreadable, &format!("the journal cannot be read: {error}"))
}

fn not_written(what: &str, error: &io::Error) -> Fault {
    Fault::new(Code::JournalNotWritten, &format!("the journal {what}: {error}"))
}

impl JournalFile {
    /// An open file goes on taking writes after it, or its folder, is gone. Windows lets nobody remove it.
    fn has_its_name(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let open = self.file.metadata()?;
            let is_open = |named: &fs::Metadata| (named.dev(), named.ino()) == (open.dev(), open.ino());
            match fs::metadata(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(named) if is_open(&named) && open.nlink() > 0 => {}
                _ => {
                    let what = "the file was removed or replaced, and without it who was reset is sent again";
                    return Err(io::Error::other(what));
                }
            }
        }
        Ok(())
    }
}

impl Disk for JournalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.has_its_name()?;
        self.file.sync_data()
    }

    fn cut(&mut self, from: u64, to: u64) -> io::Result<()> {
        // What another program has appended is not cut away.
        if self.file.metadata()?.len() == from { self.file.set_len(to) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("jcsdk journal ü {name} {}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("j ü.jsonl")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn place() -> Place {
        Place { url: "https://a.example/api".into(), org_id: None }
    }

    const RUN: &str = "{\"journal\":1,\"run\":\"5f000000000000ab\",\"at\":\"2026-11-26T01:02:03.456Z\",\
        \"event\":\"run\",\"program\":\"p\",\"url\":\"https://a.example/api\"}\n";

    fn code(opened: Result<(JournalFile, Read, u64), Fault>) -> &'static str {
        opened.unwrap_err().code.as_str()
    }

    #[test]
    fn a_file_is_created_for_its_owner_alone_and_kept_as_it_was() {
        let folder = Folder::new("created");
        let (mut journal, read, length) = open(&folder.file(), place()).unwrap();
        assert!(read.is_empty && length == 0);
        journal.write(RUN.as_bytes()).unwrap();
        journal.sync().unwrap();
        drop(journal);
        let (_, read, length) = open(&folder.file(), place()).unwrap();
        assert!(!read.is_empty && read.ends_line && length == RUN.len() as u64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = || fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(), 0o600);
            fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).unwrap();
            open(&folder.file(), place()).unwrap();
            assert_eq!(mode(), 0o644);
        }
    }

    #[test]
    fn a_last_line_that_is_torn_is_ended() {
        let folder = Folder::new("torn");
        let torn = format!("{RUN}{{\"run");
        fs::write(folder.file(), &torn).unwrap();
        look(&folder.file(), place()).unwrap();
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), torn);
        let (_, _, length) = open(&folder.file(), place()).unwrap();
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), format!("{torn}\n"));
        assert_eq!(length, torn.len() as u64 + 1);
    }

    #[test]
    fn one_writer_at_a_time_and_readers_beside_it() {
        let folder = Folder::new("writers");
        let first = open(&folder.file(), place()).unwrap();
        assert_eq!(code(open(&folder.file(), place())), "Journal.InUse");
        assert!(look(&folder.file(), place()).unwrap().is_empty);
        drop(first);
        open(&folder.file(), place()).unwrap();
    }

    #[test]
    fn what_is_no_journal_is_left_as_it_is() {
        let folder = Folder::new("others");
        assert_eq!(code(open(&folder.0, place())), "Journal.Unreadable");
        for text in ["id\nok-1\n", "\u{feff}", "{}", "x", "\0\0"] {
            fs::write(folder.file(), text).unwrap();
            assert_eq!(code(open(&folder.file(), place())), "Journal.Unreadable", "{text}");
            assert_eq!(
                look(&folder.file(), place()).unwrap_err().code.as_str(),
                "Journal.Unreadable",
                "{text}"
            );
            assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
        }
        fs::write(folder.file(), RUN.replace("a.example", "b.example")).unwrap();
        assert_eq!(code(open(&folder.file(), place())), "Journal.Mismatch");
        let missing = open(&folder.0.join("no/where"), place()).unwrap_err();
        assert_eq!(missing.code.as_str(), "Journal.NotWritten");
        assert!(missing.message.contains("cannot be opened: "), "{missing}");
        assert!(!missing.message.contains("link"), "{missing}");
    }

    #[test]
    fn the_end_is_cut_off_unless_another_program_has_appended_to_it() {
        let folder = Folder::new("cut");
        let (mut journal, ..) = open(&folder.file(), place()).unwrap();
        journal.write(b"whole\nto").unwrap();
        journal.cut(8, 6).unwrap();
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), "whole\n");
        journal.write(b"to").unwrap();
        journal.write(b" and more").unwrap();
        journal.cut(8, 6).unwrap();
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), "whole\nto and more");
    }

    #[test]
    fn looking_neither_creates_nor_locks() {
        let folder = Folder::new("look");
        assert!(look(&folder.file(), place()).unwrap().is_empty);
        assert!(!folder.file().exists());
        fs::write(folder.file(), RUN).unwrap();
        look(&folder.file(), place()).unwrap();
        open(&folder.file(), place()).unwrap();
        // A file is no folder, so this path does not just lead to no file yet. Windows does not tell the two apart.
        if cfg!(unix) {
            let below_a_file = look(&folder.file().join("j"), place()).unwrap_err();
            assert_eq!(below_a_file.code.as_str(), "Journal.Unreadable");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_pipe_and_no_device_is_opened_and_links_are_followed() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new("kinds");
        let pipe = folder.0.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe.as_path(), Path::new("/dev/null"), Path::new("/dev/tty")] {
            assert_eq!(code(open(path, place())), "Journal.Unreadable", "{path:?}");
        }
        let link = folder.0.join("link");
        symlink(folder.file(), &link).unwrap();
        let nowhere = open(&link, place()).unwrap_err();
        assert_eq!(nowhere.code.as_str(), "Journal.NotWritten");
        assert!(nowhere.message.contains("a link that leads to no file"), "{nowhere}");
        fs::write(folder.file(), RUN).unwrap();
        let _first = open(&link, place()).unwrap();
        assert_eq!(code(open(&folder.file(), place())), "Journal.InUse");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_removed_or_replaced_is_not_synced() {
        let folder = Folder::new("removed");
        let (mut journal, ..) = open(&folder.file(), place()).unwrap();
        journal.write(RUN.as_bytes()).unwrap();
        journal.sync().unwrap();
        let aside = folder.0.join("aside");
        fs::rename(folder.file(), &aside).unwrap();
        let renamed = journal.sync().unwrap_err().to_string();
        assert!(renamed.contains("without it who was reset is sent again"), "{renamed}");
        fs::write(folder.file(), "").unwrap();
        assert!(journal.sync().is_err(), "replaced");
        fs::rename(&aside, folder.file()).unwrap();
        journal.sync().unwrap();
        fs::remove_dir_all(&folder.0).unwrap();
        assert!(journal.sync().is_err(), "the folder is gone");
    }
}

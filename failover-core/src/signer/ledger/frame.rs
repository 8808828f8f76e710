//! Speculos' framing: a length, an APDU; a length without the status word, an answer with it. Lengths are big-endian u32.
//!
//! Used over TCP, and over the pipes of the HID child process.

use std::io::{self, Read, Write};

/// An APDU is at most 5 + 255 bytes, an answer 256 + 2; what is longer is no frame.
const LONGEST: usize = 1024;

fn too_long(len: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {len} bytes, above the limit of {LONGEST}"))
}

fn write(to: &mut impl Write, len: usize, bytes: &[u8]) -> io::Result<()> {
    let len = u32::try_from(len).ok().filter(|_| bytes.len() <= LONGEST).ok_or_else(|| too_long(bytes.len()))?;
    to.write_all(&[&len.to_be_bytes(), bytes].concat())?;
    to.flush()
}

fn read(from: &mut impl Read, beyond: usize) -> io::Result<Vec<u8>> {
    let mut len = [0; 4];
    from.read_exact(&mut len)?;
    let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
    if len > LONGEST {
        return Err(too_long(len));
    }
    let mut bytes = vec![0; len + beyond];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Writes a request, in one write.
///
/// # Errors
/// It is too long, or the writer's.
pub fn write_request(to: &mut impl Write, apdu: &[u8]) -> io::Result<()> {
    write(to, apdu.len(), apdu)
}

/// Reads a request. [`io::ErrorKind::UnexpectedEof`] where the other side is gone.
///
/// # Errors
/// It is too long (before anything is allocated), cut, or the reader's.
pub fn read_request(from: &mut impl Read) -> io::Result<Vec<u8>> {
    read(from, 0)
}

/// Writes an answer, data and status word, in one write.
///
/// # Errors
/// It is too long or has no status word, or the writer's.
pub fn write_answer(to: &mut impl Write, answer: &[u8]) -> io::Result<()> {
    let len =
        answer.len().checked_sub(2).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no status word"))?;
    write(to, len, answer)
}

/// Reads an answer, data and status word.
///
/// # Errors
/// It is too long (before anything is allocated), cut, or the reader's.
pub fn read_answer(from: &mut impl Read) -> io::Result<Vec<u8>> {
    read(from, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers() {
        let mut wire = Vec::new();
        write_request(&mut wire, &[0x80, 0, 0, 0, 0]).unwrap();
        assert_eq!(wire, [0, 0, 0, 5, 0x80, 0, 0, 0, 0]);
        assert_eq!(read_request(&mut wire.as_slice()).unwrap(), [0x80, 0, 0, 0, 0]);
        let mut wire = Vec::new();
        write_answer(&mut wire, &[1, 0x90, 0]).unwrap();
        assert_eq!(wire, [0, 0, 0, 1, 1, 0x90, 0]);
        assert_eq!(read_answer(&mut wire.as_slice()).unwrap(), [1, 0x90, 0]);
        assert!(write_answer(&mut Vec::new(), &[0x90]).is_err());
    }

    #[test]
    fn a_length_of_4_gib_is_refused_and_a_cut_is_an_end() {
        let error = read_answer(&mut [0xff; 64].as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let error = read_answer(&mut [0, 0, 0, 4, 1].as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}

use super::ContentStore;
use crate::proto::generated::containerd::services::content::v1::{ReadContentRequest, ReadContentResponse};
use crate::store::Context;
use crate::{Error, ErrorKind, Result};

/// How many bytes a response has at most.
const CHUNK_BYTES: usize = 1024 * 1024;

/// The responses to a request that reads content, one after the other: what the service does, over any wire.
/// Source: containerd-grpc §6.
#[derive(Debug)]
pub struct ContentReader {
    context: Context,
    digest: String,
    /// Where the range begins, and the next chunk, and where the range ends: from the start of the blob.
    start: u64,
    next: u64,
    end: u64,
}

impl ContentReader {
    /// Begins to read. A negative offset is 0; a size that is not positive, or beyond the end, means up to the end.
    ///
    /// # Errors
    /// As [`ContentStore::read_blob`]; `OutOfRange` for an offset behind the end.
    pub fn open<S: ContentStore + ?Sized>(store: &S, context: &Context, request: &ReadContentRequest) -> Result<Self> {
        // Refuses a digest with the text of reading, which is not that of asking for the record.
        store.read_blob(context, &request.digest, 0, &mut [])?;
        let length = store.get_blob(context, &request.digest)?.size;
        let offset = request.offset.max(0);
        if offset > length {
            let message = format!("read past object length {length} bytes");
            return Err(Error::new(ErrorKind::OutOfRange, message).with_help("read from an offset in the content"));
        }
        let left = length.saturating_sub(offset);
        let size = if request.size <= 0 { left } else { request.size.min(left) };
        let start = offset.unsigned_abs();
        let end = start.saturating_add(size.unsigned_abs());
        Ok(ContentReader { context: context.clone(), digest: request.digest.clone(), start, next: start, end })
    }

    /// The next response, whose offset counts from the start of the range; none when all was read.
    ///
    /// # Errors
    /// As [`ContentStore::read_blob`]; `DataLoss` when there are fewer bytes than the record says.
    pub fn next<S: ContentStore + ?Sized>(&mut self, store: &S) -> Result<Option<ReadContentResponse>> {
        let left = self.end.saturating_sub(self.next);
        if left == 0 {
            return Ok(None);
        }
        let mut data = vec![0; usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES))];
        let read = store.read_blob(&self.context, &self.digest, self.next, &mut data)?;
        if read == 0 {
            return Err(Error::data_loss(format!("content {} ends at byte {}", self.digest, self.next)));
        }
        data.truncate(read);
        let offset = i64::try_from(self.next.saturating_sub(self.start)).unwrap_or(i64::MAX);
        self.next = self.next.saturating_add(read as u64);
        Ok(Some(ReadContentResponse { offset, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CommitContent, OpenContent, Store};

    #[test]
    fn ranges_are_read_in_chunks() {
        let store = Store::in_memory();
        let content = store.namespace("a").content();
        let bytes: Vec<u8> = (0..CHUNK_BYTES * 2 + 3).map(|place| (place % 251) as u8).collect();
        let mut writer = content.open(&OpenContent::new("r")).unwrap();
        writer.write(&bytes).unwrap();
        let digest = content.commit(&mut writer, &CommitContent::default()).unwrap().digest;
        let context = Context::in_namespace("a");
        let read = |offset, size| -> Result<(Vec<u8>, Vec<usize>)> {
            let request = ReadContentRequest { digest: digest.clone(), offset, size };
            let mut reader = ContentReader::open(&store, &context, &request)?;
            let (mut all, mut chunks) = (Vec::new(), Vec::new());
            while let Some(response) = reader.next(&store)? {
                assert_eq!(response.offset, all.len() as i64);
                chunks.push(response.data.len());
                all.extend(response.data);
            }
            Ok((all, chunks))
        };
        assert_eq!(read(0, 0).unwrap(), (bytes.clone(), vec![CHUNK_BYTES, CHUNK_BYTES, 3]));
        assert_eq!(read(-3, 0).unwrap().0, bytes);
        assert_eq!(read(2, 2).unwrap(), (bytes[2..4].to_vec(), vec![2]));
        assert_eq!(read(2, i64::MAX).unwrap().0, bytes[2..]);
        let length = bytes.len() as i64;
        assert!(read(length, 0).unwrap().1.is_empty());
        let error = read(length + 1, 0).unwrap_err();
        assert_eq!(error.message(), format!("read past object length {length} bytes"));
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
    }
}

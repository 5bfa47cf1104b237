//! What the log promises: order, what survives, what is cut off, where it ends.

use std::{fs, io::Write, path::Path};

use super::{AppendError, Durability, Log, LogBatch, LogReader, LogSettings, segment::Segment};

const SETTINGS: LogSettings = LogSettings {
    durability: Durability::Process,
    limit_bytes: 1_000_000,
    segment_bytes: 100,
};

fn entry(number: u32) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

fn entries(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    numbers.map(entry).collect()
}

async fn append(log: &Log, numbers: std::ops::Range<u32>) {
    for number in numbers {
        log.append(entry(number)).await.unwrap();
    }
}

fn read_all(reader: &mut LogReader) -> LogBatch {
    let mut all = LogBatch::default();
    loop {
        let batch = reader.next(1000).unwrap();
        let ended = batch.entries.is_empty();
        all.entries.extend(batch.entries);
        (all.read, all.recovered) = (batch.read, batch.recovered);
        if ended {
            return all;
        }
    }
}

fn segments(log: &Path) -> usize {
    Segment::list(&log.join("0")).unwrap().len()
}

#[tokio::test]
async fn entries_come_in_order_across_segments_and_released_segments_are_gone() {
    for durability in [Durability::Process, Durability::Disk] {
        let folder = tempfile::tempdir().unwrap();
        let settings = LogSettings {
            durability,
            ..SETTINGS
        };
        let (log, mut reader) = Log::open(folder.path(), settings).unwrap();
        assert_eq!(read_all(&mut reader).entries, entries(0..0));
        append(&log, 0..50).await;
        let all = read_all(&mut reader);
        assert_eq!(all.entries, entries(0..50));
        assert_eq!((all.read, all.recovered, log.appended()), (50, true, 50));
        assert!(segments(folder.path()) > 5);
        reader.release();
        assert_eq!(segments(folder.path()), 1);
        append(&log, 50..52).await;
        assert_eq!(read_all(&mut reader).entries, entries(50..52));
        reader.close();
        assert_eq!((segments(folder.path()), log.used_bytes()), (0, 0));
    }
}

#[tokio::test]
async fn what_was_not_released_is_read_again_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let (log, mut reader) = Log::open(folder.path(), SETTINGS).unwrap();
    append(&log, 0..30).await;
    assert_eq!(read_all(&mut reader).entries.len(), 30);
    drop((log, reader));
    let (log, mut reader) = Log::open(folder.path(), SETTINGS).unwrap();
    append(&log, 30..33).await;
    let all = read_all(&mut reader);
    assert_eq!(all.entries, entries(0..33));
    assert_eq!((all.read, all.recovered), (3, true));
}

#[tokio::test]
async fn a_living_process_keeps_its_folder_and_a_dead_ones_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let (one, reader_of_one) = Log::open(folder.path(), SETTINGS).unwrap();
    let (two, mut reader_of_two) = Log::open(folder.path(), SETTINGS).unwrap();
    append(&one, 0..2).await;
    append(&two, 2..4).await;
    assert_eq!(read_all(&mut reader_of_two).entries, entries(2..4));
    drop((one, reader_of_one));
    reader_of_two.adopt().unwrap();
    let batch = reader_of_two.next(1000).unwrap();
    assert_eq!(batch.entries, entries(0..2));
    append(&two, 4..5).await;
    assert_eq!(read_all(&mut reader_of_two).entries, entries(4..5));
    reader_of_two.close();
    assert_eq!(segments(folder.path()), 0);
}

#[tokio::test]
async fn a_torn_or_broken_tail_ends_its_segment_and_nothing_else() {
    let whole_segments = SETTINGS.segment_bytes * 100;
    let settings = LogSettings {
        segment_bytes: whole_segments,
        ..SETTINGS
    };
    for cut in [1, 5, 9, 14] {
        for broken in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (log, reader) = Log::open(folder.path(), settings).unwrap();
            append(&log, 0..3).await;
            drop((log, reader));
            let first = Segment::list(&folder.path().join("0")).unwrap().remove(0);
            let bytes = fs::read(&first.path).unwrap();
            let mut file = fs::File::create(&first.path).unwrap();
            file.write_all(&bytes[..bytes.len() - cut]).unwrap();
            if broken {
                file.write_all(&vec![0xff; cut]).unwrap();
            }
            let (log, mut reader) = Log::open(folder.path(), settings).unwrap();
            append(&log, 3..5).await;
            let expected = [entries(0..2), entries(3..5)].concat();
            assert_eq!(read_all(&mut reader).entries, expected, "{cut} {broken}");
        }
    }
}

#[tokio::test]
async fn a_full_log_refuses_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        limit_bytes: 300,
        ..SETTINGS
    };
    let (log, mut reader) = Log::open(folder.path(), settings).unwrap();
    let mut kept = 0;
    while log.append(entry(kept)).await.is_ok() {
        kept += 1;
    }
    assert!(matches!(
        log.append(entry(kept)).await,
        Err(AppendError::Full)
    ));
    assert!(log.used_bytes() <= 300);
    assert_eq!(read_all(&mut reader).entries, entries(0..kept));
    reader.release();
    log.append(entry(kept)).await.unwrap();
    assert_eq!(read_all(&mut reader).entries, entries(kept..kept + 1));
}

#[tokio::test]
async fn an_entry_longer_than_a_read_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        limit_bytes: 1 << 30,
        segment_bytes: 1 << 20,
        ..SETTINGS
    };
    let (log, mut reader) = Log::open(folder.path(), settings).unwrap();
    let entry = vec![7; 3_000_000];
    log.append(entry.clone()).await.unwrap();
    append(&log, 0..2).await;
    let all = read_all(&mut reader).entries;
    assert_eq!(all, [vec![entry], entries(0..2)].concat());
}

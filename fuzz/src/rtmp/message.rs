//! The payload of each type of message.

use bytes::Bytes;
use weir_rtmp::chunk::{ChunkStreamId, Message, MessageStreamId, MessageType, Timestamp};
use weir_rtmp::message::{
    Aggregate, AggregateBuilder, Command, Control, Data, SharedObjectMessage, UserControl, Values,
};

/// The first byte is the type of the message, the rest its payload.
///
/// What is read is written and read again as the same value, and the bytes written last do not
/// change any more.
pub fn rtmp_message(data: &[u8]) {
    let Some((kind, payload)) = data.split_first() else {
        return;
    };
    let message = message(MessageType::new(*kind), Bytes::copy_from_slice(payload));
    if let Ok(Some(control)) = Control::decode(message.message_type, &message.payload) {
        let again = Control::decode(control.message_type(), &control.encode());
        assert_eq!(again, Ok(Some(control)));
    }
    if message.message_type == MessageType::USER_CONTROL {
        if let Ok(event) = UserControl::decode(&message.payload) {
            assert_eq!(UserControl::decode(&event.encode()), Ok(event));
        }
    }
    if let Ok(Some(command)) = Command::from_message(&message) {
        look_at(&command.args);
        let written = with_payload(&message, command.encode());
        let again = Command::from_message(&written).unwrap().unwrap();
        assert_eq!((&again.name, &again.args), (&command.name, &command.args));
        assert_eq!(again.encode(), written.payload);
    }
    if let Ok(Some(data)) = Data::from_message(&message) {
        look_at(data.values());
        assert!(data.payload().len() <= payload.len());
        if !data.name().as_str().is_empty() {
            assert_eq!(Data::decode(&data.encode()).as_ref(), Ok(&data));
        }
    }
    if let Ok(Some(object)) = SharedObjectMessage::from_message(&message) {
        let slots = std::mem::size_of_val(&object.events[..]);
        assert!(slots <= 40 * payload.len());
        let written = with_payload(&message, object.encode());
        assert_eq!(
            SharedObjectMessage::from_message(&written),
            Ok(Some(object))
        );
    }
    if message.message_type == MessageType::AGGREGATE {
        aggregate(message);
    }
}

/// The inner messages fit into the outer one, and are found again in an aggregate of them.
fn aggregate(outer: Message) {
    let len = outer.payload.len();
    let mut inner = Aggregate::new(outer);
    let found: Vec<Message> = inner.by_ref().collect();
    assert!(
        found
            .iter()
            .map(|message| message.payload.len() + 11)
            .sum::<usize>()
            <= len
    );
    assert!(inner.rest() <= len);
    let mut builder = AggregateBuilder::new();
    for message in &found {
        assert!(builder.push(message.message_type, message.timestamp, &message.payload));
    }
    if let Some(first) = found.first() {
        let again = builder.finish(first.chunk_stream, first.stream);
        assert_eq!(Aggregate::new(again).collect::<Vec<_>>(), found);
    }
}

/// Whatever the values are, looking at them ends.
fn look_at(values: &Values) {
    for index in 0..4 {
        let number = values.number(index);
        assert!(!(number.is_some() && values.boolean(index).is_some()));
        let _ = values.text(index);
    }
    if let Ok(document) = values.document() {
        assert!(document.node_count() <= values.as_bytes().len());
    }
}

fn message(message_type: MessageType, payload: Bytes) -> Message {
    let (csid, stream) = (ChunkStreamId::COMMAND, MessageStreamId::new(1));
    Message::new(
        message_type,
        payload,
        csid,
        stream,
        Timestamp::from_millis(7),
    )
}

fn with_payload(message: &Message, payload: Bytes) -> Message {
    let mut message = message.clone();
    message.payload = payload;
    message
}

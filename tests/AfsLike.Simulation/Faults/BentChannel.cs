using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Simulation.Faults;

/// <summary>A client's channel, with somebody in between who reads what stores ask for and may change what comes.</summary>
/// <param name="sent">Told of each batch's messages in which the client asks for a store.</param>
/// <param name="received">False: the message is dropped. May change it, and add messages to be sent with the next ones.</param>
internal sealed class BentChannel(IMessageChannel inner, Action<Message>? sent, Func<Message, List<Message>, bool>? received) : IMessageChannel
{
    /// <summary>Stands before each store in the bytes of a request. Most batches are without, and need not be parsed here once more.</summary>
    private static readonly byte[] StoreTag = Tag(Request.StoreFieldNumber);

    private readonly List<Message> _more = [];

    public string PeerHost => inner.PeerHost;

    public Task SendAsync(ReadOnlyMemory<byte> message)
    {
        if ((sent is null || message.Span.IndexOf(StoreTag) < 0) && _more.Count == 0)
        {
            return inner.SendAsync(message);
        }

        var batch = Batch.Parser.ParseFrom(message.Span);
        foreach (var each in batch.Messages)
        {
            sent?.Invoke(each);
        }

        if (_more.Count == 0)
        {
            return inner.SendAsync(message);
        }

        batch.Messages.AddRange(_more);
        _more.Clear();
        return inner.SendAsync(batch.ToByteArray());
    }

    public Task<ReadOnlyMemory<byte>?> ReceiveAsync() => received is null ? inner.ReceiveAsync() : ReceiveBentAsync(received);

    private async Task<ReadOnlyMemory<byte>?> ReceiveBentAsync(Func<Message, List<Message>, bool> change)
    {
        if (await inner.ReceiveAsync() is not { } bytes)
        {
            return null;
        }

        var batch = Batch.Parser.ParseFrom(bytes.Span);
        var kept = new Batch();
        kept.Messages.AddRange(batch.Messages.Where(message => change(message, _more)));
        return kept.ToByteArray();
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static byte[] Tag(int field)
    {
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.Flush();
        return bytes.ToArray();
    }
}

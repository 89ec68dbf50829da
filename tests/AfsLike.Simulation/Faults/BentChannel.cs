using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Simulation.Faults;

/// <summary>A client's channel, with somebody in between who reads each message and may change what comes.</summary>
/// <param name="sent">Told of each message that the client sends.</param>
/// <param name="received">False: the message is dropped. May change it, and add messages to be sent with the next ones.</param>
internal sealed class BentChannel(IMessageChannel inner, Action<Message>? sent, Func<Message, List<Message>, bool>? received) : IMessageChannel
{
    private readonly List<Message> _more = [];

    public string PeerHost => inner.PeerHost;

    public Task SendAsync(ReadOnlyMemory<byte> message)
    {
        if (sent is null && _more.Count == 0)
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
}

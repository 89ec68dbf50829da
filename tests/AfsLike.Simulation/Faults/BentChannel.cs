using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Simulation.Faults;

/// <summary>A client's channels, with somebody in between who reads each message and may change what comes.</summary>
/// <param name="sent">Told of each message that the client sends.</param>
/// <param name="received">False: the message is dropped. May change it, and add messages to be sent with the next ones.</param>
internal sealed class BentDialer(IDialer inner, Action<Message>? sent, Func<Message, List<Message>, bool>? received) : IDialer
{
    public async Task<IMessageChannel> DialAsync(CancellationToken cancel) => new BentChannel(await inner.DialAsync(cancel), sent, received);
}

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

    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        if (await inner.ReceiveAsync() is not { } bytes)
        {
            return null;
        }

        if (received is null)
        {
            return bytes;
        }

        var batch = Batch.Parser.ParseFrom(bytes.Span);
        var kept = new Batch();
        kept.Messages.AddRange(batch.Messages.Where(message => received(message, _more)));
        return kept.ToByteArray();
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

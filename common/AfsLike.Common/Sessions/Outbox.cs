using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Common.Sessions;

/// <summary>
/// The single writer of a session's stream: drains what has queued up into one batch at a time, which is what makes a
/// message cost microseconds. Renewals go before everything else, so that no load can starve a lease (RULES.md 18). The
/// queue outlives the channel: what was not written yet is written to the next one.
/// </summary>
internal sealed class Outbox
{
    private readonly Queue<Message> _urgent = new();
    private readonly Queue<Message> _queue = new();
    private IMessageChannel? _channel;
    private bool _writing;

    public void Enqueue(Message message, bool urgent = false)
    {
        (urgent ? _urgent : _queue).Enqueue(message);
        Wake();
    }

    /// <summary>Forgets what was queued: the other side has forgotten what it would refer to.</summary>
    public void Clear()
    {
        _urgent.Clear();
        _queue.Clear();
    }

    /// <summary>Writes to this channel from now on; <paramref name="first"/> go before anything queued.</summary>
    public void Attach(IMessageChannel channel, IEnumerable<Message> first)
    {
        var queued = _queue.ToArray();
        _urgent.Clear();
        _queue.Clear();
        foreach (var message in first)
        {
            _queue.Enqueue(message);
        }

        foreach (var message in queued)
        {
            _queue.Enqueue(message);
        }

        _channel = channel;
        Wake();
    }

    /// <summary>These breaks are about to be sent first: what is queued of them would be sent twice.</summary>
    public void DropQueuedBreaks(IReadOnlySet<ulong> sequences) =>
        DropQueued(message => message.BodyCase == Message.BodyOneofCase.Break && sequences.Contains(message.Break.Sequence));

    /// <summary>Nobody is there any more who asked.</summary>
    public void DropQueuedReplies() => DropQueued(static message => message.BodyCase == Message.BodyOneofCase.Reply);

    public void Detach(IMessageChannel channel)
    {
        if (_channel == channel)
        {
            _channel = null;
        }
    }

    private void DropQueued(Func<Message, bool> isVain)
    {
        for (var left = _queue.Count; left > 0; left--)
        {
            var message = _queue.Dequeue();
            if (!isVain(message))
            {
                _queue.Enqueue(message);
            }
        }
    }

    private async void Wake()
    {
        if (_writing)
        {
            return;
        }

        _writing = true;
        try
        {
            while (_channel is { } channel && (_urgent.Count > 0 || _queue.Count > 0))
            {
                await SendAsync(channel, NextBatch());
            }
        }
        finally
        {
            _writing = false;
        }
    }

    private async Task SendAsync(IMessageChannel channel, Batch batch)
    {
        try
        {
            await channel.SendAsync(batch.ToByteArray());
        }
        catch (ChannelClosedException)
        {
            // The reader of this channel sees the end too and tells the session; what was in the batch is asked for again.
            Detach(channel);
        }
    }

    private Batch NextBatch()
    {
        var batch = new Batch();
        var size = 0;
        while (_urgent.TryDequeue(out var urgent))
        {
            size += urgent.CalculateSize();
            batch.Messages.Add(urgent);
        }

        while (_queue.TryPeek(out var next))
        {
            size += next.CalculateSize();
            if (batch.Messages.Count > 0 && size > Limits.BatchTargetBytes)
            {
                break;
            }

            batch.Messages.Add(_queue.Dequeue());
        }

        return batch;
    }
}

using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Jobs;

/// <summary>
/// The sending end of one stream. Keeps what has not arrived yet, sends it again when asked or when acknowledgements stay
/// away, and lets its writer go on only while the reader's window has room. Two numbers come back: what arrived (need not
/// be kept) and what was taken (moves the window); so a reader that stands still costs one small question now and then,
/// never the same bytes again.
/// </summary>
internal sealed class OutgoingStream(uint number, JobSettings settings)
{
    private readonly Queue<ByteString> _kept = new();
    private readonly Repeat _repeat = new(settings);
    private ulong _arrived;
    private ulong _taken;
    private ulong _sent;
    private ulong _bytes;
    private bool _ended;

    /// <summary>Bytes the writer may add now.</summary>
    public int Room => _ended ? 0 : Math.Max(0, settings.Window - (int)(_bytes - Math.Min(_taken, _bytes)));

    /// <summary>Everything, the end included, has arrived.</summary>
    public bool IsDelivered => _ended && _arrived == Limit;

    public bool IsEnded => _ended;

    private ulong Limit => _bytes + (_ended ? 1UL : 0);

    public void Write(ByteString bytes)
    {
        if (!_ended && bytes.Length > 0)
        {
            _kept.Enqueue(bytes);
            _bytes += (ulong)bytes.Length;
        }
    }

    public void End() => _ended = true;

    /// <summary>Sends what was not sent yet.</summary>
    public void Flush(TimeSpan now, Action<JobData> send)
    {
        var offset = _arrived;
        foreach (var bytes in _kept)
        {
            var from = _sent > offset ? (int)Math.Min(_sent - offset, (ulong)bytes.Length) : 0;
            while (from < bytes.Length)
            {
                var length = Math.Min(settings.Piece, bytes.Length - from);
                var piece = length == bytes.Length ? bytes : UnsafeByteOperations.UnsafeWrap(bytes.Memory.Slice(from, length));
                from += length;
                _sent = offset + (ulong)from;
                var last = _ended && _sent == _bytes;
                send(new JobData { Stream = number, Offset = _sent - (ulong)length, Bytes = piece, End = last });
                _sent += last ? 1UL : 0;
            }

            offset += (ulong)bytes.Length;
        }

        if (_ended && _sent == _bytes)
        {
            send(new JobData { Stream = number, Offset = _bytes, End = true });
            _sent++;
        }

        if (_taken < Limit)
        {
            _repeat.Arm(now);
        }
    }

    /// <summary>The way was interrupted: whatever has not arrived for certain is sent again.</summary>
    public void Again(TimeSpan now, Action<JobData> send)
    {
        _sent = _arrived;
        Flush(now, send);
    }

    /// <summary>Asks how far the other side is; it answers any such message with an acknowledgement.</summary>
    public JobData Question() => new() { Stream = number, Offset = _sent };

    public void Acknowledge(ulong received, ulong taken, TimeSpan now)
    {
        var progress = false;
        if (received > _arrived && received <= Limit)
        {
            Forget(received);
            progress = true;
        }

        if (taken > _taken && taken <= _arrived)
        {
            _taken = taken;
            progress = true;
        }

        if (progress)
        {
            _repeat.Answered(now, _taken < Limit);
        }
    }

    public void Tick(TimeSpan now, Action<JobData> send)
    {
        if (!_repeat.IsDue(now) || _taken == Limit)
        {
            return;
        }

        if (_arrived < _sent)
        {
            Again(now, send);
        }
        else
        {
            send(Question());
        }
    }

    /// <summary>Nobody will ever take what was written: it is dropped and counts as delivered.</summary>
    public void Abandon()
    {
        _kept.Clear();
        _arrived = _taken = _sent = Limit;
    }

    private void Forget(ulong received)
    {
        while (_kept.TryPeek(out var first) && _arrived + (ulong)first.Length <= received)
        {
            _arrived += (ulong)first.Length;
            _kept.Dequeue();
        }

        if (_arrived < received && _kept.TryDequeue(out var part))
        {
            var rest = UnsafeByteOperations.UnsafeWrap(part.Memory[(int)(received - _arrived)..]);
            var others = _kept.ToArray();
            _kept.Clear();
            _kept.Enqueue(rest);
            foreach (var other in others)
            {
                _kept.Enqueue(other);
            }
        }

        _arrived = received;
        _sent = Math.Max(_sent, received);
    }
}

using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Jobs;

/// <summary>The receiving end of one stream: takes each position once and in order, whatever arrives how often.</summary>
internal sealed class IncomingStream(uint number, JobSettings settings)
{
    private ulong _received;
    private ulong _taken;
    private bool _ended;

    public bool IsEnded => _ended;

    /// <summary>The end has arrived and the reader has taken everything before it.</summary>
    public bool IsTaken => _ended && _taken >= _received - 1;

    /// <summary>
    /// The bytes of <paramref name="data"/> that are new; `ended` when the stream's end came with them. `answer`: an
    /// acknowledgement is due now, not only when the reader has taken the bytes.
    /// </summary>
    public (ByteString Fresh, bool Ended, bool Answer) Accept(JobData data)
    {
        var length = (ulong)data.Bytes.Length;
        if (_ended || data.Offset > _received || data.Offset + length < _received)
        {
            return (ByteString.Empty, false, true);
        }

        var skip = (int)(_received - data.Offset);
        var room = settings.Window - (int)(_received - _taken);
        if ((int)length - skip > room)
        {
            return (ByteString.Empty, false, true);
        }

        var fresh = skip == 0 ? data.Bytes : UnsafeByteOperations.UnsafeWrap(data.Bytes.Memory[skip..]);
        _received += (ulong)fresh.Length;
        if (data.End)
        {
            _ended = true;
            _received++;
        }

        return (fresh, data.End, data.End || fresh.Length == 0);
    }

    /// <summary>The reader has taken this many bytes more.</summary>
    public void Taken(int bytes)
    {
        _taken = Math.Min(_taken + (ulong)bytes, _ended ? _received - 1 : _received);
    }

    /// <summary>Nobody reads any more: what came and what comes counts as taken.</summary>
    public void TakeAll() => _taken = _ended ? _received - 1 : _received;

    public JobDataAck Acknowledgement() => new()
    {
        Stream = number,
        Offset = IsTaken ? _received : _taken,
        Received = _received,
    };
}

using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>
/// A huge file read as it comes: the chunks around the last reads in memory, some ahead when reading goes forward. Always of the one version it was
/// opened at: the server keeps its chunks while they are asked for, and reading ends with Stale when it has not.
/// </summary>
internal sealed class StreamedFile : IStreamedFile
{
    public const int ChunksKept = 16;

    public const int Ahead = 4;

    private readonly StoredVersion _stored;
    private readonly Dictionary<int, Task<byte[]>> _chunks = [];
    private readonly LinkedList<int> _byUse = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationToken _untilClosed;
    private long _lastEnd;

    public StreamedFile(StoredVersion stored)
    {
        _stored = stored;
        _untilClosed = _closed.Token;
    }

    public long Length => _stored.Content.Length;

    public async Task<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var goesOn = offset == _lastEnd;
        _lastEnd = Math.Min(Length, offset + buffer.Length);
        var done = 0;
        while (done < buffer.Length && offset + done < Length)
        {
            var at = offset + done;
            var bytes = await Want((int)(at / Limits.ChunkSize), goesOn).WaitAsync(cancel);
            var within = (int)(at % Limits.ChunkSize);
            var count = Math.Min(bytes.Length - within, buffer.Length - done);
            bytes.AsSpan(within, count).CopyTo(buffer.Span[done..]);
            done += count;
        }

        return done;
    }

    /// <summary>By whole chunks: more is not known of bytes that are not here.</summary>
    public long? NextData(long offset) => Next(offset, hole: false) is var at && at < Length ? at : null;

    public long NextHole(long offset) => Next(offset, hole: true);

    public ValueTask DisposeAsync()
    {
        _closed.Cancel();
        _closed.Dispose();
        _chunks.Clear();
        return ValueTask.CompletedTask;
    }

    private long Next(long offset, bool hole)
    {
        var chunks = _stored.Content.Chunks;
        var at = offset;
        for (var i = (int)(offset / Limits.ChunkSize); i < chunks.Count && (chunks[i].Id == 0) != hole; i++)
        {
            at = (i + 1L) * Limits.ChunkSize;
        }

        return _stored.IsInline && !hole ? offset : Math.Min(at, Length);
    }

    private Task<byte[]> Want(int index, bool andOn)
    {
        if (_stored.IsInline)
        {
            return Task.FromResult(_stored.Content.Inline.ToByteArray());
        }

        var wanted = Want(index);
        for (var ahead = index + 1; andOn && ahead <= index + Ahead && ahead < _stored.Content.Chunks.Count; ahead++)
        {
            _ = Want(ahead);
        }

        return wanted;
    }

    private Task<byte[]> Want(int index)
    {
        _byUse.Remove(index);
        _byUse.AddLast(index);
        if (_chunks.TryGetValue(index, out var held) && !held.IsFaulted && !held.IsCanceled)
        {
            return held;
        }

        while (_byUse.Count > ChunksKept)
        {
            _chunks.Remove(_byUse.First!.Value);
            _byUse.RemoveFirst();
        }

        return _chunks[index] = _stored.GetAsync(index, _untilClosed);
    }
}

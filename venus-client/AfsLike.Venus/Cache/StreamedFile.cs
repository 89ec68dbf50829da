using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Cache;

/// <summary>
/// A huge file read as it comes: the chunks around the last reads in memory, some ahead when reading goes forward. Always of the one version it was opened at:
/// the server keeps its chunks for the ticket.
/// </summary>
/// <param name="renew">A new ticket for one the server has forgotten; throws what it is given when the version is no more.</param>
internal sealed class StreamedFile(
    WireContent content, ReadOnlyMemory<byte> ticket, IBulkTransfer bulk, Func<AfsException, Task<ReadOnlyMemory<byte>>> renew) : IStreamedFile
{
    public const int ChunksKept = 16;

    public const int Ahead = 4;

    private readonly Dictionary<int, Task<byte[]>> _chunks = [];
    private readonly LinkedList<int> _byUse = new();
    private readonly CancellationTokenSource _closed = new();
    private ReadOnlyMemory<byte> _ticket = ticket;
    private int _last = -1;

    public long Length => content.Length;

    public async Task<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var done = 0;
        while (done < buffer.Length && offset + done < Length)
        {
            var at = offset + done;
            var index = (int)(at / Limits.ChunkSize);
            var chunk = Want(index);
            if (index == _last + 1 || index == _last)
            {
                for (var ahead = index + 1; ahead <= index + Ahead && ahead < content.Chunks.Count; ahead++)
                {
                    _ = Want(ahead);
                }
            }

            _last = index;
            var bytes = await chunk.WaitAsync(cancel);
            var within = (int)(at % Limits.ChunkSize);
            var count = Math.Min(bytes.Length - within, buffer.Length - done);
            bytes.AsSpan(within, count).CopyTo(buffer.Span[done..]);
            done += count;
        }

        return done;
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        _closed.Dispose();
        _chunks.Clear();
    }

    private Task<byte[]> Want(int index)
    {
        if (_chunks.TryGetValue(index, out var held) && !held.IsFaulted && !held.IsCanceled)
        {
            _byUse.Remove(index);
            _byUse.AddLast(index);
            return held;
        }

        _byUse.Remove(index);
        while (_chunks.Count >= ChunksKept)
        {
            _chunks.Remove(_byUse.First!.Value);
            _byUse.RemoveFirst();
        }

        var fetch = FetchAsync(content.Chunks[index]);
        _chunks[index] = fetch;
        _byUse.AddLast(index);
        return fetch;
    }

    private async Task<byte[]> FetchAsync(WireChunk chunk)
    {
        var bytes = new byte[chunk.Length];
        if (chunk.Id == 0)
        {
            return bytes;
        }

        try
        {
            await bulk.GetAsync(_ticket, chunk.Id, bytes, _closed.Token);
        }
        catch (AfsException refused) when (refused.Error == AfsError.BadHandle)
        {
            _ticket = await renew(refused);
            await bulk.GetAsync(_ticket, chunk.Id, bytes, _closed.Token);
        }

        return Checksum.Of(bytes) == chunk.Checksum.ToModel()
            ? bytes
            : throw new AfsException(AfsError.Corrupted, $"chunk {chunk.Id} does not match its checksum");
    }
}

using System.Buffers;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Venus.Cache;

/// <summary>Holds local bytes against what the server has, by checksums: nothing is transferred.</summary>
internal sealed class Comparing(ICacheDisk disk)
{
    /// <summary>True when the local file has these contents and nothing else.</summary>
    public async Task<bool> IsSameAsync(LocalFile file, StoredVersion stored, CancellationToken cancel)
    {
        var content = stored.Content;
        if (file.MeasureNow().Length != content.Length)
        {
            return false;
        }

        if (!stored.IsInline)
        {
            return await BeginsSameAsync(file, stored, content.Chunks.Count, cancel);
        }

        var bytes = new byte[content.Length];
        return (await disk.ReadAsync(file.Handle, bytes, 0)).Checksum == content.InlineChecksum.ToModel();
    }

    /// <summary>True when so many whole chunks from the start are the same.</summary>
    public async Task<bool> BeginsSameAsync(LocalFile file, StoredVersion stored, int chunks, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Limits.ChunkSize);
        try
        {
            for (var index = 0; index < chunks; index++)
            {
                cancel.ThrowIfCancellationRequested();
                if (!await IsSameAsync(file, stored, index, buffer.AsMemory(0, (int)stored.Content.Chunks[index].Length)))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<bool> IsSameAsync(LocalFile file, StoredVersion stored, int index, Memory<byte> buffer)
    {
        var at = (long)index * Limits.ChunkSize;
        var isHole = stored.Content.Chunks[index].Id == 0;
        if (isHole && (disk.NextData(file.Handle, at) is not { } data || data >= at + buffer.Length))
        {
            return true;
        }

        var here = await disk.ReadAsync(file.Handle, buffer, at);
        return isHole ? here.IsZero : here.Checksum == stored.ChecksumOf(index);
    }
}

using AfsLike.Common.Model;
using AfsLike.Venus.Cache;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Ranges of open files. The local file is the truth about a file that is open for writing: what is done to it shows in its times, by which the next
/// store finds the change, as it finds a write.
/// </summary>
internal sealed class Ranges(Storing storing, IContentCache cache)
{
    /// <summary>fallocate(2). Zeros are holes, of which the server keeps nothing; room is set aside on the local disk alone.</summary>
    public async Task AllocateAsync(HandleId handle, long offset, long length, AllocateModes modes)
    {
        var content = Writable(handle);
        if (offset < 0 || length <= 0)
        {
            throw new AfsException(AfsError.InvalidArgument, "a range before the beginning, or of nothing");
        }

        if (length > Limits.FileSize - offset)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        var keeps = modes.HasFlag(AllocateModes.KeepLength);
        switch (modes & ~AllocateModes.KeepLength)
        {
            case AllocateModes.None:
                await content.AllocateAsync(offset, length, keeps); // zeros behind the end, which is seen by the length
                break;
            case AllocateModes.PunchHole when keeps:
                await ClearAsync(content, offset, length);
                break;
            case AllocateModes.ZeroRange:
                await ClearAsync(content, offset, length);
                await content.AllocateAsync(offset, length, keeps);
                break;
            default:
                throw new AfsException(AfsError.NotSupported, "ranges are neither collapsed nor inserted here");
        }
    }

    /// <summary>lseek(2) SEEK_DATA and SEEK_HOLE. What lies between holes of the local file, or of the server's map of a streamed one, is data.</summary>
    public long Seek(HandleId handle, long offset, bool hole)
    {
        var open = storing.Get(handle).Open;
        var length = open.Content?.Measure().Length ?? open.Stream?.Length ?? throw Closed();
        if (offset < 0 || offset >= length)
        {
            throw Nothing();
        }

        return hole
            ? open.Content?.NextHole(offset) ?? open.Stream!.NextHole(offset)
            : (open.Content is { } content ? content.NextData(offset) : open.Stream!.NextData(offset)) ?? throw Nothing();
    }

    /// <summary>copy_file_range(2), between the local files.</summary>
    public async Task<long> CopyAsync(HandleId from, long offset, HandleId to, long toOffset, long length)
    {
        var target = Writable(to);
        if (offset < 0 || toOffset < 0 || length < 0)
        {
            throw new AfsException(AfsError.InvalidArgument, "a range before the beginning");
        }

        if (length > Limits.FileSize - toOffset)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        if (storing.Get(from).Open.Content is not { } source)
        {
            throw new AfsException(AfsError.NotSupported, "a file that is streamed is read by who copies it");
        }

        await cache.KeepBaseAsync(target, toOffset, length);
        target.BeginWrite(toOffset, length);
        try
        {
            return await source.CopyAsync(offset, target, toOffset, length);
        }
        finally
        {
            target.EndWrite(toOffset, length);
        }
    }

    private async Task ClearAsync(CachedFile content, long offset, long length)
    {
        await cache.KeepBaseAsync(content, offset, length);
        content.BeginWrite(offset, length);
        try
        {
            await content.ClearAsync(offset, length);
        }
        finally
        {
            content.EndWrite(offset, length);
        }
    }

    private static AfsException Closed() => new(AfsError.BadHandle, "this file has no contents any more");

    private static AfsException Nothing() => new(AfsError.NoData, "there is nothing from there to the end of the file");

    private CachedFile Writable(HandleId handle)
    {
        var file = storing.Get(handle);
        return file is { Writes: true, Open.Content: { } content } ? content : throw new AfsException(AfsError.BadHandle, "this file is not open for writing");
    }
}

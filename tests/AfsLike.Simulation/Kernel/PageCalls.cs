using AfsLike.Common.Model;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// Reads, writes and mappings of files that are not passed through, by way of the page cache (fs/fuse/file.c without the writeback cache): a read is bounded by the length the kernel believes in;
/// a write puts its bytes into the pages that are there and goes to the daemon while it holds them; what a mapping writes goes there before a FLUSH and a FSYNC, when the mapping goes, and when
/// the pages are dropped.
/// </summary>
internal sealed class PageCalls(ModelKernel kernel, InodeCache cache, Upcalls upcalls)
{
    /// <summary>Bytes of one WRITE at most.</summary>
    private const int MostWritten = 1024 * 1024;

    /// <summary>fuse_cache_read_iter: who asks for more than there seems to be has the length asked for first.</summary>
    public async Task<Answer<byte[]>> ReadAsync(ModelProcess process, ModelFile file, long offset, int count)
    {
        var inode = file.Inode;
        if (offset + count > inode.Attributes.Length)
        {
            var attributes = await kernel.Attributes.GetAsync(process, inode);
            if (!attributes.IsOk)
            {
                return attributes.Error;
            }
        }

        var bytes = new List<byte>();
        for (var at = offset; at < Math.Min(offset + count, inode.Attributes.Length);)
        {
            var page = await PageAsync(process, file, at / ModelPages.Size);
            if (!page.IsOk)
            {
                return page.Error;
            }

            var within = (int)(at % ModelPages.Size);
            var piece = (int)Math.Clamp(Math.Min(offset + count, inode.Attributes.Length) - at, 0, ModelPages.Size - within);
            bytes.AddRange(page.Value.AsSpan(within, piece));
            at += Math.Max(piece, 1);
        }

        return bytes.ToArray();
    }

    /// <summary>fuse_cache_write_iter. Where it was written.</summary>
    public async Task<Answer<long>> WriteAsync(ModelProcess process, ModelFile file, long offset, ReadOnlyMemory<byte> bytes)
    {
        var inode = file.Inode;
        using var hold = await inode.Lock.ExclusiveAsync();
        var at = file.Modes.HasFlag(OpenModes.Append) ? inode.Attributes.Length : offset;
        for (var done = 0; done < bytes.Length;)
        {
            var piece = bytes.Slice(done, Math.Min(bytes.Length - done, MostWritten));
            var written = await WritePagesAsync(process, file, at + done, piece);
            if (!written.IsOk)
            {
                return written.Error;
            }

            done += piece.Length;
        }

        return at;
    }

    /// <summary>A store to a mapping. The first to a page that is clean faults: it has the page read, and waits while it is written back. Bytes beyond the end are not written.</summary>
    public async Task<int> StoreAsync(ModelProcess process, ModelFile file, long offset, ReadOnlyMemory<byte> bytes)
    {
        var (inode, pages, done) = (file.Inode, file.Inode.Pages, 0);
        pages.WriteBack = index => WriteBackAsync(inode, index);
        while (done < bytes.Length && offset + done < inode.Attributes.Length)
        {
            var (index, within) = Math.DivRem(offset + done, ModelPages.Size);
            if (!pages.IsDirty(index))
            {
                if (!(await PageAsync(process, file, index)).IsOk)
                {
                    break; // SIGBUS
                }

                await pages.LockAsync(index);
                var isThere = pages.TryGet(index, out _);
                if (isThere)
                {
                    pages.MarkDirty(index);
                }

                pages.Unlock(index);
                if (!isThere)
                {
                    continue;
                }
            }

            pages.TryGet(index, out var page);
            var piece = (int)Math.Min(Math.Min(bytes.Length - done, ModelPages.Size - within), inode.Attributes.Length - offset - done);
            bytes.Span.Slice(done, Math.Max(piece, 0)).CopyTo(page.AsSpan((int)within));
            done += Math.Max(piece, 1);
        }

        return done;
    }

    /// <summary>Before a FLUSH and a FSYNC. A write-back that has failed is told once.</summary>
    public static async Task<AfsError> WriteBackAsync(ModelInode inode)
    {
        await inode.Pages.WriteBackAsync();
        var failure = inode.Pages.Failure;
        inode.Pages.Failure = AfsError.None;
        return failure;
    }

    /// <summary>What programs of this host read in the file: the local file, and on it what mappings have written.</summary>
    public static byte[] Peek(ModelFile file)
    {
        var local = file.Backing?.File ?? file.Local!;
        var bytes = new byte[LocalFiles.LengthOf(local)];
        local.Read(bytes, 0);
        foreach (var index in file.Inode.Pages.Dirty.Where(index => index * ModelPages.Size < bytes.Length))
        {
            file.Inode.Pages.TryGet(index, out var page);
            var to = bytes.AsSpan((int)(index * ModelPages.Size));
            page.AsSpan(0, Math.Min(to.Length, ModelPages.Size)).CopyTo(to);
        }

        return bytes;
    }

    /// <summary>fuse_send_write_pages: the pages are locked until it is answered; one that was not there and is written whole is there afterwards.</summary>
    private async Task<Answer<long>> WritePagesAsync(ModelProcess? process, ModelFile file, long at, ReadOnlyMemory<byte> bytes)
    {
        var (inode, pages) = (file.Inode, file.Inode.Pages);
        var (first, last) = (at / ModelPages.Size, (at + bytes.Length - 1) / ModelPages.Size);
        inode.LengthUnstable++;
        for (var index = first; index <= last; index++)
        {
            await pages.LockAsync(index);
            if (pages.TryGet(index, out var page) || IsWhole(index))
            {
                page ??= new byte[ModelPages.Size];
                var (from, to) = (Math.Max(at, index * ModelPages.Size), Math.Min(at + bytes.Length, (index + 1) * ModelPages.Size));
                bytes.Span[(int)(from - at)..(int)(to - at)].CopyTo(page.AsSpan((int)(from % ModelPages.Size)));
                pages.Put(index, page);
            }
        }

        var answer = await AskAsync(process, file, at, bytes, fromCache: false);
        for (var index = first; index <= last; index++)
        {
            if (!answer.IsOk)
            {
                pages.Remove(index);
            }

            pages.Unlock(index);
        }

        inode.LengthUnstable--;
        if (answer.IsOk)
        {
            inode.Attributes = inode.Attributes with { Length = Math.Max(inode.Attributes.Length, at + bytes.Length) };
            cache.Invalidate(inode);
        }

        return answer;

        bool IsWhole(long index) => index * ModelPages.Size >= at && (index + 1) * ModelPages.Size <= at + bytes.Length;
    }

    /// <summary>fuse_writepages, fuse_launder_folio: up to the end, through whatever file of the inode can write.</summary>
    private async Task WriteBackAsync(ModelInode inode, long index)
    {
        inode.Pages.MarkClean(index);
        var (at, length) = (index * ModelPages.Size, (int)Math.Clamp(inode.Attributes.Length - (index * ModelPages.Size), 0, ModelPages.Size));
        if (length == 0 || !inode.Pages.TryGet(index, out var page))
        {
            return;
        }

        if (inode.ServedFiles.Find(static file => file.Writes) is not { } writer)
        {
            kernel.Defect($"inode {inode.Id.Value:x} has a dirty page and no file to write it through");
            return;
        }

        var answer = await AskAsync(null, writer, at, page.AsMemory(0, length).ToArray(), fromCache: true);
        if (!answer.IsOk)
        {
            inode.Pages.Failure = answer.Error;
        }
    }

    private Task<Answer<long>> AskAsync(ModelProcess? process, ModelFile file, long at, ReadOnlyMemory<byte> bytes, bool fromCache) =>
        upcalls.AskAsync("WRITE", process, (daemon, _, caller, _) => daemon.WriteAsync(caller, file, at, bytes, fromCache));

    private async ValueTask<Answer<byte[]>> PageAsync(ModelProcess process, ModelFile file, long index)
    {
        var (inode, pages) = (file.Inode, file.Inode.Pages);
        byte[] bytes;
        while (!pages.TryGet(index, out bytes))
        {
            if (pages.Lock(index) is { } other)
            {
                await other;
                continue;
            }

            var asked = cache.Note();
            var answer = await upcalls.AskAsync(
                "READ", process, (daemon, _, caller, cancel) => daemon.ReadAsync(caller, file, index * ModelPages.Size, ModelPages.Size, cancel));
            if (answer.IsOk)
            {
                var page = new byte[ModelPages.Size];
                answer.Value.CopyTo(page, 0);
                pages.Put(index, page);
                EndSeen(inode, (index * ModelPages.Size) + answer.Value.Length, asked);
            }

            pages.Unlock(index);
            if (!answer.IsOk)
            {
                return answer.Error;
            }
        }

        return bytes;
    }

    /// <summary>fuse_short_read: the file ends there, unless something has happened to it since.</summary>
    private static void EndSeen(ModelInode inode, long end, in Asked asked)
    {
        if (end % ModelPages.Size != 0 && end < inode.Attributes.Length && inode.LengthUnstable == 0 && inode.AttributesVersion <= asked.AttributesVersion)
        {
            inode.Attributes = inode.Attributes with { Length = end };
        }
    }
}

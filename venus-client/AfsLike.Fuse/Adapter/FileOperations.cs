using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Session;
using AfsLike.Venus;
using AfsLike.Venus.Tree;

namespace AfsLike.Fuse.Adapter;

/// <summary>
/// Open files. With passthrough neither READ nor WRITE comes. Where it was refused, a file the tree granted for it is read
/// and written here with pread and pwrite: a reader thread then waits for the local disk, and for nothing else.
/// </summary>
internal sealed class FileOperations(
    IFileTree tree, Grants grants, HandleTable handles, AttributeOperations attributes, KernelNotices notices, IKernelNotifier notifier)
{
    public async ValueTask OpenAsync(Exchange x)
    {
        var request = x.Body.Take<OpenIn>();
        var modes = ModesOf(request.Flags);
        var grant = await tree.OpenAsync(x.Caller, x.Node, modes | handles.Beside(x.Node), x.Cancel);
        var open = Admit(x, x.Node, modes, grant);
        if ((request.OpenFlags & RequestBits.OpenKillPrivileges) != 0)
        {
            await attributes.KillPrivilegesAsync(x); // who may not open it takes nothing from it
        }

        x.Reply(open);
    }

    public async ValueTask CreateAsync(Exchange x)
    {
        var body = x.Body;
        var request = body.Take<CreateIn>();
        var name = body.TakeName();
        var modes = ModesOf(request.Flags);
        var created = await tree.CreateAsync(x.Caller, x.Node, name, request.Mode & FileModes.PermissionMask, request.Umask, modes, x.Cancel);
        var entry = grants.Made(x, x.Node, name, created.Entry);
        x.Reply(new CreateOut { Entry = entry, Open = Admit(x, created.Entry.Node, modes, created.Open) });
    }

    /// <summary>O_TMPFILE. The kernel puts a "/" where CREATE has the name.</summary>
    public async ValueTask CreateNamelessAsync(Exchange x)
    {
        var request = x.Body.Take<CreateIn>();
        var modes = ModesOf(request.Flags);
        var created = await tree.CreateNamelessAsync(x.Caller, x.Node, request.Mode & FileModes.PermissionMask, request.Umask, modes, x.Cancel);
        var entry = grants.Made(x, x.Node, default, created.Entry);
        x.Reply(new CreateOut { Entry = entry, Open = Admit(x, created.Entry.Node, modes, created.Open) });
    }

    public async ValueTask ReadAsync(Exchange x)
    {
        var request = x.Body.Take<ReadIn>();
        var file = await handles.FindAsync(x, request.Handle);
        var wanted = x.ReplyData[..(int)Math.Min(request.Size, Exchange.MaxData)];
        var count = file.LocalFile is { } local
            ? await ReadAsync(local, wanted, Offset(request.Offset), x.Cancel)
            : await tree.ReadAsync(file.Handle, Offset(request.Offset), wanted, x.Cancel);
        x.ReplyWithData(count);
    }

    public async ValueTask WriteAsync(Exchange x)
    {
        const int Head = 40;
        var body = x.Body;
        var request = body.Take<WriteIn>();
        body.TakeBytes(request.Size);
        if ((request.WriteFlags & RequestBits.WriteKillPrivileges) != 0)
        {
            await attributes.KillPrivilegesAsync(x);
        }

        var file = await handles.FindAsync(x, request.Handle);
        var bytes = x.BodyMemory(Head, (int)request.Size);
        var written = bytes.Length;
        if (file is { LocalFile: { } local, Recorded: true })
        {
            await WriteRecordedAsync(file, local, bytes, request, x.Cancel);
        }
        else if (file.LocalFile is { } unseen)
        {
            await WriteAsync(unseen, bytes, PlaceOf(file, unseen, request), x.Cancel);
        }
        else
        {
            written = await tree.WriteAsync(file.Handle, Offset(request.Offset), bytes, x.Cancel);
        }

        x.Reply(new WriteOut { Size = (uint)written });
    }

    public async ValueTask FlushAsync(Exchange x)
    {
        var request = x.Body.Take<FlushIn>();
        var file = await ClosingAsync(x, request.Handle, request.LockOwner, wholeFile: false);
        await tree.FlushAsync(x.Caller, file.Handle, request.LockOwner, x.Cancel);
        ForgetTimes(file);
        x.ReplyEmpty();
    }

    public async ValueTask ReleaseAsync(Exchange x)
    {
        var request = x.Body.Take<ReleaseIn>();
        var node = x.Node;
        var unlock = (request.ReleaseFlags & RequestBits.ReleaseFlockUnlock) != 0;
        OpenFile? file = null;
        try
        {
            if (handles.IsForeign(request.Handle) && (unlock || HandleTable.ModesOf(request.Handle).HasFlag(OpenModes.Write)))
            {
                await ClosingAsync(x, request.Handle, request.LockOwner, unlock); // it may have written, or hold a lock, since before we were there
            }

            file = handles.Remove(request.Handle);
            if (file is not null)
            {
                await tree.ReleaseAsync(file.Handle, request.LockOwner, unlock);
                ForgetTimes(file);
            }

            x.ReplyEmpty();
        }
        finally
        {
            x.Closed = (node, file ?? handles.Remove(request.Handle));
        }
    }

    /// <summary>The answer to a RELEASE has been written: what is not answered is asked of the next venus-client, and must not be counted twice.</summary>
    public void Closed(Exchange x)
    {
        if (x.Closed is var (node, file))
        {
            handles.Closed(node, file);
        }
    }

    /// <summary>A file that could not be opened again is closed all the same.</summary>
    private async ValueTask<OpenFile> ClosingAsync(Exchange x, ulong handle, ulong lockOwner, bool wholeFile)
    {
        try
        {
            return await handles.FindAsync(x, handle);
        }
        catch (AfsException) when (handles.IsForeign(handle))
        {
            await tree.ClosedUnopenedAsync(x.Caller, x.Node, lockOwner, wholeFile);
            throw;
        }
    }

    /// <summary>The kernel never got the reply that held this handle: it will never close it.</summary>
    public async ValueTask AbandonAsync(ulong number)
    {
        if (handles.Remove(number) is not { } file)
        {
            return;
        }

        if (HandleTable.IsDirectory(number))
        {
            tree.ReleaseDirectory(file.Handle);
            return;
        }

        try
        {
            await tree.ReleaseAsync(file.Handle, 0, false);
        }
        finally
        {
            handles.Closed(file.Node, file);
        }
    }

    public async ValueTask SyncAsync(Exchange x)
    {
        var request = x.Body.Take<SyncIn>();
        var file = await handles.FindAsync(x, request.Handle);
        await tree.SyncAsync(x.Caller, file.Handle, (request.Flags & RequestBits.SyncDataOnly) != 0, x.Cancel);
        x.ReplyEmpty();
    }

    public async ValueTask AllocateAsync(Exchange x)
    {
        var request = x.Body.Take<AllocateIn>();
        var file = await handles.FindAsync(x, request.Handle);
        await tree.AllocateAsync(file.Handle, Offset(request.Offset), Offset(request.Length), (AllocateModes)request.Mode, x.Cancel);
        x.ReplyEmpty();
    }

    public async ValueTask SeekAsync(Exchange x)
    {
        var request = x.Body.Take<SeekIn>();
        if (request.Whence is not (RequestBits.SeekData or RequestBits.SeekHole))
        {
            throw new AfsException(AfsError.InvalidArgument, "a seek for something other than data or a hole");
        }

        var file = await handles.FindAsync(x, request.Handle);
        var offset = await tree.SeekAsync(file.Handle, (long)request.Offset, request.Whence == RequestBits.SeekHole, x.Cancel);
        x.Reply(new SeekOut { Offset = (ulong)offset });
    }

    /// <summary>The kernel reads and writes by itself what we say NotSupported to; only ENOSYS would be for ever.</summary>
    public async ValueTask CopyAsync(Exchange x, bool wide)
    {
        var request = x.Body.Take<CopyRangeIn>();
        var from = await handles.FindAsync(x, request.Handle);
        var to = await handles.FindAsync(x, new NodeId(request.NodeOut), request.HandleOut);
        var copied = await tree.CopyAsync(
            from.Handle, Offset(request.Offset), to.Handle, Offset(request.OffsetOut), Offset(request.Length), x.Cancel);
        if (wide)
        {
            x.Reply(new CopyRangeOut { Size = (ulong)copied });
        }
        else
        {
            x.Reply(new WriteOut { Size = checked((uint)copied) });
        }
    }

    internal static OpenModes ModesOf(uint flags)
    {
        var modes = (flags & OpenFlags.AccessMask) switch
        {
            OpenFlags.WriteOnly => OpenModes.Write,
            OpenFlags.ReadWrite => OpenModes.Read | OpenModes.Write,
            _ => OpenModes.Read,
        };
        return modes
            | ((flags & OpenFlags.Append) != 0 ? OpenModes.Append : OpenModes.None)
            | ((flags & OpenFlags.Truncate) != 0 ? OpenModes.Truncate : OpenModes.None)
            | ((flags & OpenFlags.Exclusive) != 0 ? OpenModes.Exclusive : OpenModes.None)
            | ((flags & OpenFlags.Execute) != 0 ? OpenModes.Execute : OpenModes.None);
    }

    private OpenOut Admit(Exchange x, NodeId node, OpenModes modes, in OpenGrant grant)
    {
        var number = handles.AddFile(node, modes, grant, x.Caller.Uid, out var file);
        x.Opened = number;
        var backingId = file.Backing?.Id ?? 0;
        return new OpenOut { Handle = number, BackingId = backingId, Flags = FlagsOf(grant, backingId != 0) };
    }

    /// <summary>The kernel answers EIO to passthrough together with KEEP_CACHE: such a file has no cache of its own to keep.</summary>
    internal static OpenReplyFlags FlagsOf(in OpenGrant grant, bool passthrough)
    {
        var flags = grant.NoFlush ? OpenReplyFlags.NoFlush : OpenReplyFlags.None;
        return passthrough ? flags | OpenReplyFlags.Passthrough
            : grant.KeepCache ? flags | OpenReplyFlags.KeepCache : flags;
    }

    /// <summary>
    /// After writes through a shared mapping the kernel does not know that the times changed. Attributes alone are
    /// taken back without any lock, so this may be said from a reader thread, and before the reply.
    /// </summary>
    private void ForgetTimes(OpenFile file)
    {
        if (file.Writable)
        {
            _ = notices.Attributes(file.Node.Value);
        }
    }

    /// <summary>
    /// A reader thread may wait for the local disk, and for the lock of a file, unless it has others' replies to write. Not so a <see cref="Carrier"/> that has brought what was awaited before: breaks come by it, and
    /// what the lock's holder is waiting for.
    /// </summary>
    private static ValueTask<int> ReadAsync(BackingFile local, Memory<byte> wanted, long offset, CancellationToken cancel) =>
        Carrier.MustNotBlock ? local.ReadAsync(wanted, offset, cancel) : new(local.Read(wanted.Span, offset));

    /// <summary>As <see cref="ReadAsync(BackingFile, Memory{byte}, long, CancellationToken)"/>.</summary>
    private static ValueTask WriteAsync(BackingFile local, ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancel)
    {
        if (Carrier.MustNotBlock)
        {
            return local.WriteAsync(bytes, offset, cancel);
        }

        local.Write(bytes.Span, offset);
        return default;
    }

    /// <summary>A write that failed may have written something.</summary>
    private async ValueTask WriteRecordedAsync(OpenFile file, BackingFile local, ReadOnlyMemory<byte> bytes, WriteIn request, CancellationToken cancel)
    {
        var offset = PlaceOf(file, local, request);
        await using (var write = await tree.RecordAsync(file.Handle, offset, bytes, IsFromCache(request)))
        {
            await WriteAsync(local, write.Bytes, offset, cancel);
        }
    }

    private static bool IsFromCache(in WriteIn request) => (request.WriteFlags & RequestBits.WriteCache) != 0;

    /// <summary>The kernel appends where it believes the end to be, and is told of no new one while the file is open: another host may have appended, under a lock that is this one's now.</summary>
    private long PlaceOf(OpenFile file, BackingFile local, in WriteIn request)
    {
        var offset = Offset(request.Offset);
        if ((request.Flags & OpenFlags.Append) != 0 && !IsFromCache(request) && RandomAccess.GetLength(DescriptorFile.Of(local)) is var end && end != offset)
        {
            offset = end;
            _ = notifier.DropPagesAsync(file.Node); // once this is answered: until then the kernel keeps the page it has put the bytes into
        }

        return offset;
    }

    private static long Offset(ulong value) =>
        value <= long.MaxValue ? (long)value : throw new AfsException(AfsError.InvalidArgument, "an offset beyond 2^63");
}

using AfsLike.Common.Model;
using AfsLike.Simulation.Faults;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>The operations, as the adapter's NameOperations, FileOperations, AttributeOperations, DirectoryOperations and XattrOperations have them.</summary>
internal sealed partial class FrontEnd
{
    public async Task<Answer<GrantPacket>> LookupAsync(ReplyState reply, Caller caller, NodeId parent, FileName name, CancellationToken cancel)
    {
        var packet = Entry(reply, parent, name, await Tree.LookupAsync(caller, parent, name, cancel));
        return packet.Node == NodeId.None && !packet.EntryValid ? AfsError.NotFound : packet;
    }

    public async Task<Answer<GrantPacket>> GetAttributesAsync(ReplyState reply, Caller caller, NodeId node, CancellationToken cancel) =>
        Attributes(reply, node, await Tree.GetAttributesAsync(caller, node, cancel));

    public async Task<Answer<GrantPacket>> SetAttributesAsync(
        ReplyState reply, Caller caller, NodeId node, ModelFile? file, AttributeChange change, CancellationToken cancel)
    {
        HandleId? handle = file is null ? null : Handles.TryFind(file);
        var grant = await Tree.SetAttributesAsync(caller, node, handle, change, cancel);
        return Attributes(reply, node, _mistake == PlantedFault.ChangeAnswerKept ? grant : grant with { Validity = Validity.None });
    }

    public async Task<Answer<GrantPacket>> MakeAsync(
        ReplyState reply, Caller caller, NodeId parent, FileName name, VnodeKind kind, uint mode, ReadOnlyMemory<byte> target, CancellationToken cancel)
    {
        var entry = kind switch
        {
            VnodeKind.Directory => await Tree.MakeDirectoryAsync(caller, parent, name, mode, umask: 0, cancel),
            VnodeKind.Symlink => await Tree.MakeSymlinkAsync(caller, parent, name, target, cancel),
            _ => await Tree.MakeNodeAsync(caller, parent, name, kind, mode, umask: 0, device: 0, cancel),
        };
        return Made(reply, parent, name, entry);
    }

    public async Task<Answer<GrantPacket>> LinkAsync(
        ReplyState reply, Caller caller, NodeId node, NodeId parent, FileName name, CancellationToken cancel) =>
        Made(reply, parent, name, await Tree.LinkAsync(caller, node, parent, name, cancel));

    public async Task<Answer<Done>> RemoveAsync(Caller caller, NodeId parent, FileName name, bool isDirectory, CancellationToken cancel)
    {
        await (isDirectory ? Tree.RemoveDirectoryAsync(caller, parent, name, cancel) : Tree.UnlinkAsync(caller, parent, name, cancel));
        return default(Done);
    }

    public async Task<Answer<Done>> RenameAsync(
        Caller caller, NodeId parent, FileName name, NodeId newParent, FileName newName, RenameModes modes, CancellationToken cancel)
    {
        await Tree.RenameAsync(caller, parent, name, newParent, newName, modes, cancel);
        return default(Done);
    }

    public async Task<Answer<(GrantPacket Entry, OpenReply Open)>> CreateAsync(
        ReplyState reply, Caller caller, NodeId parent, FileName name, uint mode, OpenModes modes, CancellationToken cancel)
    {
        var created = await Tree.CreateAsync(caller, parent, name, mode, umask: 0, modes, cancel);
        var entry = Made(reply, parent, name, created.Entry);
        return (entry, Admit(reply, caller, created.Entry.Node, created.Open));
    }

    public async Task<Answer<(GrantPacket Entry, OpenReply Open)>> CreateNamelessAsync(
        ReplyState reply, Caller caller, NodeId parent, uint mode, OpenModes modes, CancellationToken cancel)
    {
        var created = await Tree.CreateNamelessAsync(caller, parent, mode, umask: 0, modes, cancel);
        var entry = Made(reply, parent, default, created.Entry);
        return (entry, Admit(reply, caller, created.Entry.Node, created.Open));
    }

    public async Task<Answer<OpenReply>> OpenAsync(ReplyState reply, Caller caller, NodeId node, OpenModes modes, CancellationToken cancel) =>
        Admit(reply, caller, node, await Tree.OpenAsync(caller, node, modes | Handles.Beside(node), cancel));

    public async Task<Answer<OpenReply>> OpenDirectoryAsync(ReplyState reply, Caller caller, NodeId node, CancellationToken cancel)
    {
        var grant = await Tree.OpenDirectoryAsync(caller, node, cancel);
        reply.Opened = grant.Handle;
        return new OpenReply(this, grant.Handle, null, grant.KeepCache, NoFlush: true, grant.CacheListing);
    }

    /// <summary>READDIRPLUS, or READDIR: at most <paramref name="most"/> entries.</summary>
    public async Task<Answer<List<(ListedEntry Listed, GrantPacket? Packet)>>> ReadDirectoryAsync(
        ReplyState reply, Caller caller, ModelFile file, ulong cookie, bool withEntries, int most, CancellationToken cancel)
    {
        var handle = await Handles.FindAsync(file, caller);
        var listed = new List<(ListedEntry, GrantPacket?)>();
        await Tree.ReadDirectoryAsync(caller, handle, cookie, withEntries, Take, cancel);
        return listed;

        bool Take(ListedEntry entry)
        {
            if (listed.Count == most)
            {
                return false;
            }

            listed.Add((entry, withEntries ? Entry(reply, file.Inode.Id, entry.Name, entry.Entry) : null));
            return true;
        }
    }

    public async Task<Answer<byte[]>> ReadAsync(Caller caller, ModelFile file, long offset, int count, CancellationToken cancel)
    {
        var handle = await Handles.FindAsync(file, caller);
        var buffer = new byte[count];
        var read = Handles.ServedOf(file) is { Local: { } local } ? local.Read(buffer, offset) : await Tree.ReadAsync(handle, offset, buffer, cancel);
        return read == count ? buffer : buffer[..read];
    }

    /// <summary>As FileOperations.WriteAsync. Where it was written, which the kernel does not hear.</summary>
    public async Task<Answer<long>> WriteAsync(Caller caller, ModelFile file, long offset, ReadOnlyMemory<byte> bytes, bool fromCache)
    {
        var handle = await Handles.FindAsync(file, caller);
        var (local, isRecorded) = Handles.ServedOf(file);
        if (local is null)
        {
            return await Tree.WriteAsync(handle, offset, bytes, CancellationToken.None);
        }

        try
        {
            if (file.Modes.HasFlag(OpenModes.Append) && !fromCache && LocalFiles.LengthOf(local) is var end && end != offset)
            {
                offset = end;
                _ = Notifier.DropPagesAsync(file.Inode.Id);
            }

            if (!isRecorded)
            {
                local.Write(bytes.Span, offset);
                return offset;
            }

            await using (var write = await Tree.RecordAsync(handle, offset, bytes, fromCache))
            {
                await _gap.PassAsync();
                local.Write(write.Bytes.Span, offset);
            }

            return offset;
        }
        catch (IOException)
        {
            return AfsError.NoSpace;
        }
    }

    public async Task LockAsync(Caller caller, ModelFile file, LockRequest request, CancellationToken cancel) =>
        await Tree.LockAsync(await Handles.FindAsync(file, caller), request, cancel);

    public async Task<Answer<Done>> FlushAsync(Caller caller, ModelFile file, ulong lockOwner, CancellationToken cancel)
    {
        await Tree.FlushAsync(caller, await Handles.ClosingAsync(file, caller, lockOwner, wholeFile: false), lockOwner, cancel);
        ForgetTimes(file);
        return default(Done);
    }

    public async Task<Answer<Done>> SyncAsync(Caller caller, ModelFile file, CancellationToken cancel)
    {
        await Tree.SyncAsync(caller, await Handles.FindAsync(file, caller), dataOnly: false, cancel);
        return default(Done);
    }

    public async Task<Answer<Done>> ReleaseAsync(ReplyState reply, Caller caller, ModelFile file)
    {
        reply.Closed = (file.Inode.Id, file.Backing is not null || file.Local is not null);
        await Handles.ReleaseAsync(file, caller);
        ForgetTimes(file);
        return default(Done);
    }

    private void ForgetTimes(ModelFile file)
    {
        if (file.Writes)
        {
            Notifier.ForgetTimes(file.Inode.Id);
        }
    }

    private OpenReply Admit(ReplyState reply, Caller caller, NodeId node, in OpenGrant grant)
    {
        (reply.Opened, reply.OpenedOn) = (grant.Handle, (node, grant.LocalFile is not null));
        var (backing, isRecorded) = Handles.Admit(node, grant);
        Handles.CountOpen(node, grant, backing, caller.Uid);
        return new OpenReply(this, grant.Handle, backing, backing is null && grant.KeepCache, grant.NoFlush, Local: backing is null ? grant.LocalFile : null, IsRecorded: isRecorded);
    }
}

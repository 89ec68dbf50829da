using AfsLike.Common.Model;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// Open files (fs/fuse/file.c, passthrough.c, iomode.c). With passthrough the kernel reads and writes the local file itself, and nobody is told; a close sends FLUSH and waits for it, the
/// last one RELEASE and does not; of a mapping that lives on nobody hears anything. All that are open on an inode have one backing file, and it is never passthrough and served at once.
/// </summary>
internal sealed class FileCalls(ModelKernel kernel, InodeCache cache, Upcalls upcalls, PathWalk walk, PageCalls pages)
{
    /// <summary>How often it is looked whether a file has been stored.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);

    /// <summary>open(2). With <paramref name="create"/> the last name is looked up with its directory's lock held, as lookup_open does.</summary>
    public Task<Answer<ModelFile>> OpenAsync(ModelProcess process, IReadOnlyList<FileName> path, OpenModes modes, bool create = false, uint mode = 0x1A4) =>
        create
            ? NameCalls.RetryAsync(async retry =>
            {
                var found = await CreateOrFindAsync(process, path, modes, mode, retry);
                return !found.IsOk ? found.Error
                    : found.Value.Made is { } made ? made
                    : await OpenFoundAsync(process, found.Value.Found!, modes);
            })
            : NameCalls.RetryAsync(async retry =>
            {
                var found = await walk.ToAsync(process, path, path.Count, retry);
                return found.IsOk ? await OpenFoundAsync(process, found.Value, modes) : found.Error;
            });

    /// <summary>open(2) with O_TMPFILE: fuse_tmpfile. No name is looked up, so no lock of the directory is taken.</summary>
    public Task<Answer<ModelFile>> OpenNamelessAsync(ModelProcess process, IReadOnlyList<FileName> path, OpenModes modes, uint mode = 0x1A4) => NameCalls.RetryAsync(async retry =>
    {
        var found = await walk.ToAsync(process, path, path.Count, retry);
        if (!found.IsOk)
        {
            return found.Error;
        }

        var directory = found.Value;
        var asked = cache.Note();
        var answer = await upcalls.AskAsync(
            "TMPFILE", process, (daemon, reply, caller, cancel) => daemon.CreateNamelessAsync(reply, caller, directory.Id, mode, modes, cancel), changes: true);
        await kernel.ConsumeAsync();
        cache.Release(directory);
        return answer.IsOk ? await MadeAsync(cache.Take(answer.Value.Entry, asked with { AttributesVersion = 0 }), modes, answer.Value.Open) : answer.Error;
    });

    public async Task<Answer<Done>> CloseAsync(ModelProcess process, ModelFile file)
    {
        var answer = file.NoFlush ? default(Done) : await FlushAsync(process, file);
        Drop(file);
        return answer;
    }

    public async Task<Answer<Done>> SyncAsync(ModelProcess process, ModelFile file)
    {
        var failure = await PageCalls.WriteBackAsync(file.Inode);
        return failure != AfsError.None ? failure : await upcalls.AskAsync(
            "FSYNC", process, (daemon, _, caller, cancel) => daemon.SyncAsync(caller, file, cancel), changes: file.Writes);
    }

    public Task<Answer<NodeAttributes>> StatAsync(ModelProcess process, ModelFile file) => kernel.Attributes.GetAsync(process, file.Inode);

    public async Task<Answer<byte[]>> ReadAsync(ModelProcess process, ModelFile file, long offset, int count)
    {
        if (file.Backing is not { } backing)
        {
            return await pages.ReadAsync(process, file, offset, count);
        }

        var buffer = new byte[Math.Clamp(backing.Length - offset, 0, count)];
        var read = backing.File.Read(buffer, offset);
        return read == buffer.Length ? buffer : buffer[..read];
    }

    public Task<Answer<long>> WriteAsync(ModelProcess process, ModelFile file, long offset, ReadOnlyMemory<byte> bytes) =>
        file is { Writes: true, Backing: null, Local: not null } ? pages.WriteAsync(process, file, offset, bytes) : Task.FromResult(Write(file, offset, bytes.Span));

    /// <summary>Where it was written, to a file that is passed through.</summary>
    public static Answer<long> Write(ModelFile file, long offset, ReadOnlySpan<byte> bytes)
    {
        if (file.Backing is not { } backing || !file.Writes)
        {
            return AfsError.BadHandle;
        }

        var at = file.Modes.HasFlag(OpenModes.Append) ? backing.Length : offset;
        try
        {
            backing.File.Write(bytes, at);
        }
        catch (IOException)
        {
            return AfsError.NoSpace;
        }

        var attributes = file.Inode.Attributes;
        file.Inode.Attributes = attributes with { Length = Math.Max(attributes.Length, at + bytes.Length) };
        file.Inode.AttributesValid = false;
        return at;
    }

    /// <summary>mmap(2) of a file open for writing, shared. backing_file_mmap puts the local file in the place of the one mapped; a file that is not passed through stays open with its mapping.</summary>
    public ModelMapping Map(ModelFile file)
    {
        kernel.Writer(file.Inode, writes: true, begins: true);
        if (file.Backing is not { } backing)
        {
            file.References++;
            return new ModelMapping(file, null);
        }

        LocalFiles.AddWriter(backing.File);
        LocalFiles.Map(backing.File);
        return new ModelMapping(file, backing);
    }

    /// <summary>A store to a mapping: nobody hears of it. Only within the file. Of the first to a page by each mapping the local file takes note.</summary>
    public async Task<int> WriteMappedAsync(ModelProcess process, ModelMapping mapping, long offset, ReadOnlyMemory<byte> bytes)
    {
        if (mapping.Backing is not { } backing)
        {
            return await pages.StoreAsync(process, mapping.File, offset, bytes);
        }

        var room = (int)Math.Clamp(backing.Length - offset, 0, bytes.Length);
        backing.WriteMapped(bytes.Span[..room], offset);
        return room;
    }

    /// <summary>munmap(2). Completes when the daemon has stored what was written: nobody tells the program of it.</summary>
    public async Task UnmapAsync(ModelMapping mapping)
    {
        if (mapping.Backing is { } backing)
        {
            LocalFiles.RemoveWriter(backing.File);
        }
        else
        {
            await mapping.Inode.Pages.WriteBackAsync(); // fuse_vma_close
            Drop(mapping.File);
        }

        while (LocalFiles.IsDirty(mapping.Local))
        {
            await kernel.WaitAsync(s_look);
        }

        kernel.Writer(mapping.Inode, writes: true, begins: false);
    }

    /// <summary>fuse_flush.</summary>
    private async Task<Answer<Done>> FlushAsync(ModelProcess process, ModelFile file)
    {
        var failure = await PageCalls.WriteBackAsync(file.Inode);
        return failure != AfsError.None ? failure : await upcalls.AskAsync(
            "FLUSH", process, (daemon, _, caller, cancel) => daemon.FlushAsync(caller, file, process.Pid, cancel), changes: file.Writes);
    }

    private async Task<Answer<(ModelFile? Made, ModelInode? Found)>> CreateOrFindAsync(
        ModelProcess process, IReadOnlyList<FileName> path, OpenModes modes, uint mode, LookupModes retry)
    {
        var parent = await walk.ParentAsync(process, path, retry);
        if (!parent.IsOk)
        {
            return parent.Error;
        }

        var directory = parent.Value;
        using var hold = await directory.Lock.ExclusiveAsync();
        var answer = directory.IsDirectory
            ? await CreateInAsync(process, directory, path[^1], modes, mode, retry)
            : AfsError.NotDirectory;
        cache.Release(directory);
        return answer;
    }

    private async Task<Answer<(ModelFile? Made, ModelInode? Found)>> CreateInAsync(
        ModelProcess process, ModelInode directory, FileName name, OpenModes modes, uint mode, LookupModes retry)
    {
        var begun = kernel.Tick();
        var exclusive = modes.HasFlag(OpenModes.Exclusive);
        var found = await walk.LockedAsync(process, directory, name, exclusive ? LookupModes.Exclusive : retry);
        walk.See(process, begun, directory, name, found);
        if (found.IsOk)
        {
            if (!exclusive)
            {
                return (null, found.Value);
            }

            cache.Release(found.Value);
            return AfsError.Exists;
        }

        return found.Error == AfsError.NotFound ? await CreateNewAsync(process, directory, name, modes, mode) : found.Error;
    }

    /// <summary>fuse_create_open.</summary>
    private async Task<Answer<(ModelFile? Made, ModelInode? Found)>> CreateNewAsync(
        ModelProcess process, ModelInode directory, FileName name, OpenModes modes, uint mode)
    {
        var asked = cache.Note();
        var answer = await upcalls.AskAsync(
            "CREATE", process, (daemon, reply, caller, cancel) => daemon.CreateAsync(reply, caller, directory.Id, name, mode, modes, cancel), changes: true);
        await kernel.ConsumeAsync();
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        var (entry, open) = answer.Value;
        var inode = cache.Take(entry, asked with { AttributesVersion = 0 });
        cache.Put(directory, name, inode, entry.EntryValid, asked.Epoch);
        InodeCache.DirectoryChanged(directory);
        var file = await MadeAsync(inode, modes, open);
        return file.IsOk ? (file.Value, null) : file.Error;
    }

    private Task<Answer<ModelFile>> MadeAsync(ModelInode inode, OpenModes modes, OpenReply open)
    {
        kernel.Writer(inode, modes.HasFlag(OpenModes.Write), begins: true);
        return OpenedAsync(inode, modes, open);
    }

    /// <summary>Takes over the pin on the inode.</summary>
    private async Task<Answer<ModelFile>> OpenFoundAsync(ModelProcess process, ModelInode inode, OpenModes modes)
    {
        if (inode.Attributes.Kind != VnodeKind.File)
        {
            cache.Release(inode);
            return inode.IsDirectory ? AfsError.IsDirectory : AfsError.Loop;
        }

        var asked = modes & ~OpenModes.Exclusive;
        kernel.Writer(inode, modes.HasFlag(OpenModes.Write), begins: true);
        var answer = await upcalls.AskAsync(
            "OPEN", process, (daemon, reply, caller, cancel) => daemon.OpenAsync(reply, caller, inode.Id, asked, cancel),
            changes: modes.HasFlag(OpenModes.Truncate));
        await kernel.ConsumeAsync();
        var file = answer.IsOk ? await OpenedAsync(inode, modes, answer.Value) : answer.Error;
        if (!answer.IsOk)
        {
            kernel.Writer(inode, modes.HasFlag(OpenModes.Write), begins: false);
        }

        cache.Release(inode);
        return file;
    }

    /// <summary>fuse_finish_open and fuse_file_io_open.</summary>
    private async Task<Answer<ModelFile>> OpenedAsync(ModelInode inode, OpenModes modes, OpenReply open)
    {
        inode.Uses++;
        var file = new ModelFile(inode, modes, open);
        if (file is { Writes: true, Backing: { } local })
        {
            LocalFiles.AddWriter(local.File);
        }

        var conflict = open.Backing is { } backing ? inode.ServedOpens > 0 || (inode.Backing is { } other && other != backing) : inode.Backing is not null;
        if (conflict)
        {
            kernel.Defect($"inode {inode.Id.Value:x} is open with one backing file and was given another: the program sees EIO");
            _ = ReleaseAsync(file, counted: false);
            return AfsError.Internal;
        }

        inode.Backing = open.Backing;
        (inode.PassthroughOpens, inode.ServedOpens) = (inode.PassthroughOpens + (open.Backing is null ? 0 : 1), inode.ServedOpens + (open.Backing is null ? 1 : 0));
        if (file.Backing is null)
        {
            inode.ServedFiles.Add(file);
        }

        if (modes.HasFlag(OpenModes.Truncate))
        {
            inode.Attributes = inode.Attributes with { Length = 0 };
            inode.Pages.Cut(0);
            cache.Invalidate(inode);
        }
        else if (!open.KeepCache)
        {
            await inode.Pages.DropAsync();
        }

        return file;
    }

    private void Drop(ModelFile file)
    {
        if (--file.References == 0)
        {
            _ = ReleaseAsync(file, counted: true);
        }
    }

    private async Task ReleaseAsync(ModelFile file, bool counted)
    {
        var inode = file.Inode;
        inode.ServedFiles.Remove(file);
        if (file is { Writes: true, Backing: { } backing })
        {
            LocalFiles.RemoveWriter(backing.File);
        }

        if (counted)
        {
            inode.PassthroughOpens -= file.Backing is null ? 0 : 1;
            inode.ServedOpens -= file.Backing is null ? 1 : 0;
            inode.Backing = inode.PassthroughOpens == 0 ? null : inode.Backing;
        }

        await upcalls.AskAsync("RELEASE", null, (daemon, reply, caller, _) => daemon.ReleaseAsync(reply, caller, file));
        kernel.Writer(inode, file.Modes.HasFlag(OpenModes.Write), begins: false);
        cache.Release(inode);
    }
}

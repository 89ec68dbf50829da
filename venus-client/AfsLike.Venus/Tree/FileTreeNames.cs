using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>Names, listings and attributes.</summary>
public sealed partial class FileTree
{
    public Task<Entry> LookupAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel) =>
        Read(cancel, patient => _naming.LookupAsync(_parts.WhoIs(caller), parent, name, patient));

    public Task<AttributesGrant> GetAttributesAsync(Caller caller, NodeId node, CancellationToken cancel) =>
        Read(cancel, patient => _attributes.GetAsync(_parts.WhoIs(caller), node, patient));

    public Task<AttributesGrant> SetAttributesAsync(Caller caller, NodeId node, HandleId? handle, AttributeChange change, CancellationToken cancel) =>
        Change(cancel, new Touched(node), () =>
        {
            // A handle's own rights go with it: ftruncate works on what was opened for writing, whoever is logged in by now.
            var asker = _parts.WhoIs(caller);
            var who = handle is { } id && _storing.Find(id) is { Writes: true } open
                ? open.Who with { Unix = change == new AttributeChange { Length = change.Length } ? UnixCaller.Root : asker.Unix }
                : asker;
            return _attributes.SetAsync(caller, who, node, handle, change, CancellationToken.None);
        });

    public Task AccessAsync(Caller caller, NodeId node, AccessModes modes, CancellationToken cancel) =>
        Read(cancel, patient => _attributes.AccessAsync(_parts.WhoIs(caller), node, modes, patient));

    public Task<ReadOnlyMemory<byte>> ReadLinkAsync(Caller caller, NodeId node, CancellationToken cancel) =>
        Read(cancel, patient => _attributes.ReadLinkAsync(_parts.WhoIs(caller), node, patient));

    public Task<Entry> MakeNodeAsync(Caller caller, NodeId parent, FileName name, VnodeKind kind, uint mode, uint umask, uint device, CancellationToken cancel) =>
        MakeAsync(caller, parent, name, kind, mode, umask, DeviceNumber.ToTarget(kind, device), cancel);

    public Task<Entry> MakeDirectoryAsync(Caller caller, NodeId parent, FileName name, uint mode, uint umask, CancellationToken cancel) =>
        MakeAsync(caller, parent, name, VnodeKind.Directory, mode, umask, default, cancel);

    public Task<Entry> MakeSymlinkAsync(Caller caller, NodeId parent, FileName name, ReadOnlyMemory<byte> target, CancellationToken cancel) =>
        MakeAsync(caller, parent, name, VnodeKind.Symlink, 0x1FF, 0, target, cancel);

    public Task<Entry> LinkAsync(Caller caller, NodeId node, NodeId newParent, FileName newName, CancellationToken cancel) => Change(cancel, new Touched(node, (newParent, newName)), async () =>
    {
        var who = _parts.WhoIs(caller);
        await _storing.StoreNamelessAsync(_nodes.Get(node), who, caller.Request); // whoever finds it by its name finds what was written before it had one
        var child = await _changing.LinkAsync(caller, who, node, newParent, newName);
        return await EntryAsync(who, newParent, newName, child);
    });

    public Task UnlinkAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel) =>
        Change(cancel, new Touched(NodeId.None, (parent, name)), () => _changing.RemoveAsync(caller, _parts.WhoIs(caller), parent, name, wantDirectory: false));

    public Task RemoveDirectoryAsync(Caller caller, NodeId parent, FileName name, CancellationToken cancel) =>
        Change(cancel, new Touched(NodeId.None, (parent, name)), () => _changing.RemoveAsync(caller, _parts.WhoIs(caller), parent, name, wantDirectory: true));

    public Task RenameAsync(
        Caller caller, NodeId parent, FileName name, NodeId newParent, FileName newName, RenameModes modes, CancellationToken cancel) =>
        Change(cancel, new Touched(NodeId.None, (parent, name), (newParent, newName)), () => _changing.RenameAsync(caller, _parts.WhoIs(caller), parent, name, newParent, newName, modes));

    public Task<OpenDirectoryGrant> OpenDirectoryAsync(Caller caller, NodeId node, CancellationToken cancel) =>
        Read(cancel, patient => _listing.OpenAsync(_parts.WhoIs(caller), node, _opening.NextHandle(), patient));

    public Task ReadDirectoryAsync(
        Caller caller, HandleId handle, ulong cookie, bool withEntries, Func<ListedEntry, bool> take, CancellationToken cancel) =>
        Read(cancel, patient => _listing.ReadAsync(handle, cookie, withEntries, take, patient));

    public void ReleaseDirectory(HandleId handle) => _parts.Strand.Post(_ => _listing.Release(handle), null);

    public Task<ReadOnlyMemory<byte>> GetXattrAsync(Caller caller, NodeId node, ReadOnlyMemory<byte> name, CancellationToken cancel) =>
        Read(cancel, patient => _attributes.GetXattrAsync(_parts.WhoIs(caller), node, name, patient));

    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ListXattrsAsync(Caller caller, NodeId node, CancellationToken cancel) =>
        Read(cancel, patient => _attributes.ListXattrsAsync(_parts.WhoIs(caller), node, patient));

    public Task SetXattrAsync(
        Caller caller, NodeId node, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> value, SetAttributeModes modes, CancellationToken cancel) =>
        Change(cancel, new Touched(node), () => _attributes.SetXattrAsync(caller, _parts.WhoIs(caller), node, name, value, modes));

    public Task RemoveXattrAsync(Caller caller, NodeId node, ReadOnlyMemory<byte> name, CancellationToken cancel) =>
        Change(cancel, new Touched(node), () => _attributes.SetXattrAsync(caller, _parts.WhoIs(caller), node, name, null, SetAttributeModes.None));

    private Task<Entry> MakeAsync(
        Caller caller, NodeId parent, FileName name, VnodeKind kind, uint mode, uint umask, ReadOnlyMemory<byte> target, CancellationToken cancel) =>
        Change(cancel, new Touched(NodeId.None, (parent, name)), async () =>
        {
            var who = _parts.WhoIs(caller);
            var child = await _changing.CreateAsync(caller, who, parent, name, kind, mode, umask, target);
            return await EntryAsync(who, parent, name, child);
        });

    private async Task<Entry> EntryAsync(Identity.Login who, NodeId parent, FileName name, VnodeStatus child)
    {
        var entry = await _naming.EntryAsync(who, _nodes.Get(parent), name, child, CancellationToken.None);
        _granting.Refer(entry, parent, name);
        return entry;
    }
}

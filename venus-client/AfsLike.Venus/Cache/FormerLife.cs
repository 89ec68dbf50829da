using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>What is in the cache's directories when the daemon starts.</summary>
internal sealed class FormerLife(ICacheDisk disk, OpenHandles handles, Shelf shelf, Func<ulong> nextNumber, Action<string> log)
{
    /// <summary>
    /// Puts what is clean on the shelf. An index closed in order, in this boot of the machine, is believed, and each file looked at when it is asked for; in
    /// any other case the directories tell what is there, and the index only when it was used last.
    /// </summary>
    public void LoadClean(ICacheIndex index)
    {
        var known = index.Load();
        if (index.IsComplete && !disk.IsNewBoot)
        {
            foreach (var entry in known)
            {
                var place = entry.IsSuspect ? CachePlace.Suspect : CachePlace.Data;
                shelf.Restore(New(place, CacheName.Clean(entry.Fid, entry.Version), entry.Fid, entry.Version, entry.Length, isUnchecked: true), entry.LastUse);
            }

            return;
        }

        Scan(index, known);
    }

    /// <summary>Dirty files and who wrote them. Their bytes have precedence over everything else, so a name that is none is complained of, and left alone.</summary>
    public IReadOnlyList<(CachedFile File, uint Uid)> LoadDirty()
    {
        var leftovers = new List<(CachedFile, uint)>();
        var all = from place in new[] { CachePlace.Dirty, CachePlace.Interrupted }
                  from file in disk.List(place)
                  orderby file.Name
                  select (place, file.Name, file.Length);
        foreach (var (place, name, length) in all)
        {
            if (CacheName.Parse(name) is not { } parts)
            {
                log($"cache: {disk.PathOf(place, name)} is no name of this cache; look at it and remove it");
                continue;
            }

            var file = new LocalFile(disk, handles, parts.Fid, parts.Version, place, name, parts.Number != 0 ? parts.Number : nextNumber(), length); // as the journal knows it
            file.Uid = parts.Uid;
            leftovers.Add((file, parts.Uid));
        }

        return leftovers;
    }

    /// <summary>What was being fetched or brought up to date, and older versions that were open. A name that is none is removed.</summary>
    public List<LocalFile> LoadUnfinished()
    {
        var unfinished = new List<LocalFile>();
        foreach (var (name, length) in disk.List(CachePlace.Fetching))
        {
            if (CacheName.Parse(name) is { } parts)
            {
                unfinished.Add(New(CachePlace.Fetching, name, parts.Fid, parts.Version, length, isUnchecked: false));
            }
            else
            {
                disk.Delete(CachePlace.Fetching, name);
            }
        }

        return unfinished;
    }

    /// <summary>Files the index does not know came after it was written: they count as used after all it knows, in the disk's own order.</summary>
    private void Scan(ICacheIndex index, IReadOnlyList<IndexEntry> known)
    {
        var uses = known.ToDictionary(entry => (entry.Fid, entry.Version), entry => entry.LastUse);
        var last = known.Count > 0 ? known[^1].LastUse : 0;
        var found = new List<(LocalFile File, long LastUse)>();
        foreach (var place in new[] { CachePlace.Suspect, CachePlace.Data })
        {
            foreach (var (name, length) in disk.List(place))
            {
                if (CacheName.Parse(name) is not { } parts || name != CacheName.Clean(parts.Fid, parts.Version))
                {
                    disk.Delete(place, name);
                    continue;
                }

                var file = New(place, name, parts.Fid, parts.Version, length, isUnchecked: false);
                found.Add((file, uses.TryGetValue((file.Fid, file.Version), out var use) ? use : ++last));
            }
        }

        foreach (var (file, lastUse) in found.OrderBy(each => each.LastUse))
        {
            if (shelf.Restore(file, lastUse))
            {
                index.Put(new IndexEntry(file.Fid, file.Version, file.Counted, lastUse, file.IsSuspect));
            }
            else
            {
                file.Delete();
            }
        }

        var there = found.Select(each => each.File.Fid).ToHashSet();
        foreach (var gone in known.Where(entry => !there.Contains(entry.Fid)))
        {
            index.Remove(gone.Fid);
        }
    }

    private LocalFile New(CachePlace place, string name, Fid fid, DataVersion version, long length, bool isUnchecked) =>
        new(disk, handles, fid, version, place, name, nextNumber(), length) { IsUnchecked = isUnchecked };
}

using AfsLike.Common.Model;

namespace AfsLike.Simulation.Kernel;

/// <summary>
/// The page cache of a file that is not passed through. A page that is being read or written is locked until the reply is there; who wants to drop it waits. What a mapping has written to it
/// stands in it alone until it is written back.
/// </summary>
internal sealed class ModelPages
{
    public const int Size = 64 * 1024;

    private readonly SortedDictionary<long, byte[]> _pages = [];
    private readonly SortedSet<long> _dirty = [];
    private readonly SortedDictionary<long, TaskCompletionSource> _locked = [];

    /// <summary>Those that a mapping has written to since they were last written back.</summary>
    public IReadOnlyCollection<long> Dirty => _dirty;

    /// <summary>Sends a dirty page to the daemon. The page is locked.</summary>
    public Func<long, Task> WriteBack { get; set; } = static _ => Task.CompletedTask;

    /// <summary>A write-back has failed, and no fsync or close has been told yet.</summary>
    public AfsError Failure { get; set; }

    public bool TryGet(long index, out byte[] bytes) => _pages.TryGetValue(index, out bytes!);

    public void Put(long index, byte[] bytes) => _pages[index] = bytes;

    /// <summary>Not up to date: it is read again.</summary>
    public void Remove(long index)
    {
        _pages.Remove(index);
        _dirty.Remove(index);
    }

    public bool IsDirty(long index) => _dirty.Contains(index);

    public void MarkDirty(long index) => _dirty.Add(index);

    public void MarkClean(long index) => _dirty.Remove(index);

    /// <summary>Completes when somebody else's read or write of the page is over; null: nobody has it locked, and the caller has it now.</summary>
    public Task? Lock(long index)
    {
        if (_locked.TryGetValue(index, out var locked))
        {
            return locked.Task;
        }

        _locked.Add(index, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return null;
    }

    public async ValueTask LockAsync(long index)
    {
        while (Lock(index) is { } other)
        {
            await other;
        }
    }

    public void Unlock(long index)
    {
        _locked.Remove(index, out var locked);
        locked!.SetResult();
    }

    /// <summary>truncate_pagecache: nothing of the file is there any more, from that length on.</summary>
    public void Cut(long length)
    {
        foreach (var index in _pages.Keys.Where(index => (index + 1) * Size > length).ToList())
        {
            if (index * Size >= length)
            {
                Remove(index);
            }
            else
            {
                _pages[index].AsSpan((int)(length % Size)).Clear();
            }
        }
    }

    /// <summary>What mappings have written is the daemon's when this completes.</summary>
    public async ValueTask WriteBackAsync()
    {
        while (_dirty.Count > 0)
        {
            var index = _dirty.Min;
            await LockAsync(index);
            await WriteBackLockedAsync(index);
            Unlock(index);
        }
    }

    /// <summary>invalidate_inode_pages2: each page is waited for, written back when a mapping has written to it, and dropped.</summary>
    public async ValueTask DropAsync()
    {
        foreach (var index in _pages.Keys.Union(_locked.Keys).ToList())
        {
            await LockAsync(index);
            await WriteBackLockedAsync(index);
            Remove(index);
            Unlock(index);
        }
    }

    private async ValueTask WriteBackLockedAsync(long index)
    {
        if (_dirty.Contains(index))
        {
            await WriteBack(index);
        }
    }
}

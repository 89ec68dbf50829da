using AfsLike.Common.Model;

namespace AfsLike.Venus.Cache;

/// <summary>One fetch of a version for all who want it at once. When the last of them gives up, it is cancelled.</summary>
/// <param name="release">Takes back the pin a fetch comes with.</param>
internal sealed class SharedFetches(Action<LocalFile> release)
{
    private readonly Dictionary<(Fid, DataVersion), Shared> _underWay = [];

    public int Count => _underWay.Count;

    /// <summary>Joins the fetch under way or starts one. The file stays pinned until those who waited for it have had their turn to pin it.</summary>
    /// <param name="start">Its result is pinned once.</param>
    public async Task<LocalFile> GetAsync(
        Fid fid, DataVersion version, uint slot, Func<CancellationToken, Task<LocalFile>> start, CancellationToken cancel)
    {
        var key = (fid, version);
        while (true)
        {
            var joined = _underWay.TryGetValue(key, out var shared);
            if (shared is null)
            {
                shared = new Shared(slot);
                _underWay.Add(key, shared);
                shared.Work = RunAsync(key, shared, start);
                _ = HoldAsync(shared.Work);
            }

            shared.Waiting++;
            try
            {
                return await shared.Work.WaitAsync(cancel);
            }
            catch (AfsException refused)
                when (joined && shared.Slot != slot && refused.Error is AfsError.AccessDenied or AfsError.NotPermitted or AfsError.NoToken)
            {
                // It was refused to the user who started it, who is somebody else.
            }
            finally
            {
                if (--shared.Waiting == 0 && !shared.Work.IsCompleted)
                {
                    Remove(key, shared);
                    shared.Cancel.Cancel();
                }
            }
        }
    }

    private async Task<LocalFile> RunAsync((Fid, DataVersion) key, Shared shared, Func<CancellationToken, Task<LocalFile>> start)
    {
        try
        {
            return await start(shared.Cancel.Token);
        }
        finally
        {
            Remove(key, shared);
        }
    }

    private async Task HoldAsync(Task<LocalFile> work)
    {
        try
        {
            var file = await work;
            await Task.Yield(); // those who waited were woken before this line or by the same completion: their turn comes
            await Task.Yield(); // before the second of these
            release(file);
        }
        catch (Exception failure) when (failure is AfsException or IOException or OperationCanceledException)
        {
            // Whoever waits for it is told.
        }
    }

    private void Remove((Fid, DataVersion) key, Shared shared)
    {
        if (_underWay.TryGetValue(key, out var known) && known == shared)
        {
            _underWay.Remove(key);
        }
    }

    private sealed class Shared(uint slot)
    {
        public uint Slot { get; } = slot;

        public Task<LocalFile> Work { get; set; } = null!;

        public int Waiting { get; set; }

        public CancellationTokenSource Cancel { get; } = new();
    }
}

namespace AfsLike.Benchmarks.Sites;

/// <summary>A directory of the local disk, which the caches and the server's store are on too. Both clients are this machine.</summary>
internal sealed class DiskSite(string directory, string work) : Site("ext4", work)
{
    public override bool IsShared => true;

    protected override string Root => directory;

    public override Task<string> OnAsync(Client client, params string[] command) => Programs.RunAsync(command[0], command[1..]);

    /// <summary>Writes out what is dirty and drops the kernel's caches: after it everything comes from the disk. What the work itself is done with is
    /// read again first, for the other sites have it in memory too.</summary>
    public override async Task<bool> ForgetAsync()
    {
        try
        {
            await Programs.RunAsync("sync", ["-f", directory]);
            await File.WriteAllTextAsync("/proc/sys/vm/drop_caches", "3");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or BenchException)
        {
            return false;
        }

        await Programs.RunAsync("sh", ["-c", "cc -x c -c -o /dev/null /dev/null && make --version && ls / && git --version"]);
        return true;
    }

    public override Task<IReadOnlyList<int>> ServerProcessesAsync() => Task.FromResult<IReadOnlyList<int>>([]);
}

using System.CommandLine;
using System.Globalization;
using AfsLike.Afsx.Output;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

/// <summary>Looks at everything that has to be right for the namespace to work here. Exit code 1 when something is not.</summary>
internal static class Doctor
{
    private enum Verdict
    {
        Ok,
        Warn,
        Fail,
    }

    private sealed record Finding(string Check, Verdict Verdict, string Detail);

    private static readonly Listing<Finding> Listing = new(
        new Column<Finding>("verdict", static f => Value.Of(f.Verdict switch { Verdict.Ok => "ok", Verdict.Warn => "warn", _ => "fail" })),
        new Column<Finding>("check", static f => Value.Of(f.Check)),
        new Column<Finding>("detail", static f => Value.Of(f.Detail)));

    private const long LeastSpace = 1L << 30;

    public static async Task<int> RunAsync(ParseResult parsed, Daemons daemons)
    {
        var findings = new List<Finding> { Device(), Kernel(), Clock() };
        await VenusAsync(daemons, findings);
        await ButlerAsync(daemons, findings);
        Listing.Write(parsed, findings);
        return findings.Any(static f => f.Verdict == Verdict.Fail) ? 1 : 0;
    }

    private static Finding Device() => File.Exists("/dev/fuse")
        ? new("/dev/fuse", Verdict.Ok, "is there")
        : new("/dev/fuse", Verdict.Fail, "is missing: load it with `modprobe fuse`, or start the container with --device /dev/fuse");

    private static Finding Kernel()
    {
        var release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var numbers = release.Split('.', '-');
        var version = numbers.Length >= 2 && int.TryParse(numbers[0], CultureInfo.InvariantCulture, out var major)
            && int.TryParse(numbers[1], CultureInfo.InvariantCulture, out var minor) ? new Version(major, minor) : new Version(0, 0);
        return version >= new Version(6, 13) ? new("kernel", Verdict.Ok, release)
            : version >= new Version(5, 11) ? new("kernel", Verdict.Warn, $"{release} works; from 6.13 on reads and writes of cached files run at the disk's speed")
            : new("kernel", Verdict.Fail, $"{release} is too old; 5.11 or newer is needed");
    }

    private static Finding Clock()
    {
        var now = DateTimeOffset.UtcNow;
        return now.Year is >= 2024 and < 2100
            ? new("clock", Verdict.Ok, now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            : new("clock", Verdict.Fail, $"says {now:u}: set it, or certificates and tokens do not verify");
    }

    private static async Task VenusAsync(Daemons daemons, List<Finding> findings)
    {
        VenusStatus venus;
        try
        {
            venus = await daemons.VenusStatusAsync();
        }
        catch (AfsException down)
        {
            findings.Add(new("venus-client", Verdict.Fail, down.Message));
            return;
        }

        findings.Add(new("venus-client", Verdict.Ok, string.Create(CultureInfo.InvariantCulture, $"runs as process {venus.Pid}, version {venus.Version}")));
        findings.Add(Mounted(venus));
        findings.Add(venus.Connected
            ? new("session", Verdict.Ok, $"with {venus.Server} of cell {venus.Cell}")
            : new("session", Verdict.Fail, $"no connection to {venus.Server}: is the server up, and the network between?"));
        findings.Add(venus.Trusted
            ? new("promises", Verdict.Ok, "are trusted: the cache answers")
            : new("promises", Verdict.Warn, "are not trusted now: until the server answers, nothing is read from the cache"));
        findings.Add(venus.Passthrough
            ? new("passthrough", Verdict.Ok, "cached files are read and written at the disk's speed")
            : new("passthrough", Verdict.Warn, $"not used: {venus.PassthroughReason}; venus-client serves the files itself, slower"));
        findings.Add(Cache(venus.CacheDirectory));
        findings.Add(await TokenAsync(daemons));
    }

    private static Finding Mounted(VenusStatus venus) =>
        File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ') is [_, var at, var type, ..] && at == venus.Mount && type.StartsWith("fuse", StringComparison.Ordinal))
            ? new("mount", Verdict.Ok, venus.Mount)
            : new("mount", Verdict.Fail, $"{venus.Mount} is not mounted as this process sees it; restart venus-client");

    private static Finding Cache(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return new("cache", Verdict.Warn, $"{directory} cannot be seen by this uid; run `afsx doctor` as root to check it");
        }

        try
        {
            var free = new DriveInfo(directory).AvailableFreeSpace;
            return free >= LeastSpace
                ? new("cache", Verdict.Ok, $"{directory}, {Value.Bytes(free).Text} free")
                : new("cache", Verdict.Warn, $"only {Value.Bytes(free).Text} free for {directory}: make room, or files cannot be cached");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new("cache", Verdict.Fail, $"{directory}: {failure.Message}");
        }
    }

    private static async Task<Finding> TokenAsync(Daemons daemons)
    {
        try
        {
            var who = await daemons.WhoAmIAsync();
            var left = DateTimeOffset.UnixEpoch.AddTicks(who.Expires / 100) - DateTimeOffset.UtcNow;
            return who.User == 0
                ? new("token", Verdict.Warn, $"uid {who.Uid} is not logged in and has what system:anyuser has; run `afsx login`")
                : left < TimeSpan.FromMinutes(10)
                    ? new("token", Verdict.Warn, $"{who.Name}'s token ends in {Math.Max(0, (int)left.TotalMinutes)} minutes; run `afsx login`")
                    : new("token", Verdict.Ok, $"{who.Name}, for another {(int)left.TotalHours} h");
        }
        catch (AfsException failure)
        {
            return new("token", Verdict.Fail, failure.Message);
        }
    }

    private static async Task ButlerAsync(Daemons daemons, List<Finding> findings)
    {
        try
        {
            var butler = await daemons.ButlerAsync((client, o) => client.StatusAsync(new ButlerStatusRequest(), o));
            findings.Add(butler.Connected
                ? new("butler", Verdict.Ok, string.Create(CultureInfo.InvariantCulture, $"runs as process {butler.Pid}; {butler.Running} jobs"))
                : new("butler", Verdict.Fail, "has no connection to the server: is the server up, and the network between?"));
        }
        catch (AfsException down)
        {
            findings.Add(new("butler", Verdict.Warn, $"{down.Message} (without it `afsx run` does not work)"));
        }
    }
}

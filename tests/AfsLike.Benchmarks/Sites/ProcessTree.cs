using System.Globalization;

namespace AfsLike.Benchmarks.Sites;

internal static class ProcessTree
{
    /// <summary>These processes and all that descend from them, as /proc tells now.</summary>
    public static IReadOnlyList<int> Of(IEnumerable<int> roots)
    {
        var children = Directory.GetDirectories("/proc").Select(static path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(static pid => pid > 0).Select(static pid => (Pid: pid, Parent: ParentOf(pid))).ToLookup(static one => one.Parent, static one => one.Pid);
        var found = roots.ToList();
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i]].Except(found));
        }

        return found;
    }

    /// <summary>0 when it has ended.</summary>
    private static int ParentOf(int pid)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(status[(status.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

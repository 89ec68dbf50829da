using System.Globalization;
using System.Text;

namespace AfsLike.Butler.Execution;

/// <summary>
/// A note on the local disk for each job started here: "UID PID". It is written before the start (without the pid), and durable then: a command is started
/// once at most, whatever happens to this host. When the job is over and its home knows, the note goes; when its home may ask for it once more, the note is
/// emptied and stays. At the Butler's own start, what is left of jobs that ran is killed, and the names of all are remembered so that a repeated JobStart
/// does not run them again.
/// </summary>
internal static class RunningNotes
{
    public static string Write(ButlerPlace place, string job, uint uid)
    {
        var path = Path.Combine(place.TargetJobs, job);
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        file.Write(Encoding.ASCII.GetBytes(uid.ToString(CultureInfo.InvariantCulture)));
        file.Flush(flushToDisk: true); // the name too, where a new file's name is synced with it: ext4, XFS, btrfs
        return path;
    }

    public static void Complete(string path, uint uid, int pid) =>
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{uid} {pid}"));

    /// <param name="answered">The job's home knows how it ended.</param>
    public static void Over(string path, bool answered)
    {
        if (answered)
        {
            File.Delete(path);
        }
        else
        {
            File.WriteAllText(path, "");
        }
    }

    /// <summary>A job of this name may be started again.</summary>
    public static void Drop(ButlerPlace place, string job) => File.Delete(Path.Combine(place.TargetJobs, job));

    /// <summary>Ends what former jobs left running and returns the names of all that are not to be started again, oldest first.</summary>
    public static IReadOnlyList<string> EndFormer(ButlerPlace place)
    {
        var names = new List<string>();
        foreach (var path in Directory.GetFiles(place.TargetJobs).OrderBy(File.GetLastWriteTimeUtc).ThenBy(static path => path, StringComparer.Ordinal))
        {
            names.Add(Path.GetFileName(path));
            var words = File.ReadAllText(path).Split(' ');
            if (words is [var uid, var pid]
                && uint.TryParse(uid, CultureInfo.InvariantCulture, out var user)
                && int.TryParse(pid, CultureInfo.InvariantCulture, out var group))
            {
                KillGroup(group, user);
            }

            if (words is not [""])
            {
                Over(path, answered: false);
            }
        }

        return names;
    }

    /// <summary>Only processes that are both in the group and of the job's uid: the numbers may have come to mean others.</summary>
    private static void KillGroup(int group, uint uid)
    {
        foreach (var process in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && Belongs(process, group, uid))
            {
                _ = Posix.Kill(pid, 9);
            }
        }
    }

    private static bool Belongs(string process, int group, uint uid)
    {
        try
        {
            // "PID (NAME) STATE PPID PGRP ...": the name may hold anything, so count from its last ')'.
            var stat = File.ReadAllText($"{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[2] == group.ToString(CultureInfo.InvariantCulture)
                && File.ReadLines($"{process}/status").Any(line => line.StartsWith($"Uid:\t{uid}\t", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return false; // it ended meanwhile
        }
    }
}

using System.Globalization;

namespace AfsLike.Butler.Execution;

/// <summary>
/// A note on the local disk for each job started here: "UID PID". It is written before the start (without the pid) and goes when
/// the job is over. Notes found at the Butler's own start are of jobs whose butler died: what is left of them is killed, and
/// their names are remembered so that a repeated JobStart does not run them again.
/// </summary>
internal static class RunningNotes
{
    public static string Write(ButlerPlace place, string job, uint uid)
    {
        var path = Path.Combine(place.TargetJobs, job);
        File.WriteAllText(path, uid.ToString(CultureInfo.InvariantCulture));
        return path;
    }

    public static void Complete(string path, uint uid, int pid) =>
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{uid} {pid}"));

    /// <summary>Ends what former jobs left running and returns their names. The notes go.</summary>
    public static IReadOnlyList<string> Clear(ButlerPlace place)
    {
        var names = new List<string>();
        foreach (var path in Directory.GetFiles(place.TargetJobs).Order(StringComparer.Ordinal))
        {
            names.Add(Path.GetFileName(path));
            var words = File.ReadAllText(path).Split(' ');
            if (words is [var uid, var pid]
                && uint.TryParse(uid, CultureInfo.InvariantCulture, out var user)
                && int.TryParse(pid, CultureInfo.InvariantCulture, out var group))
            {
                KillGroup(group, user);
            }

            File.Delete(path);
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

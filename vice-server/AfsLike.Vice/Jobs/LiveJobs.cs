namespace AfsLike.Vice.Jobs;

/// <summary>Which two hosts have a part in which job: who is to be told when one of them is lost. Pure; at most <see cref="Most"/> jobs.</summary>
public sealed class LiveJobs
{
    public const int Most = 16_384;

    private readonly SortedDictionary<string, (string Home, string Target)> _jobs = new(StringComparer.Ordinal);

    public int Count => _jobs.Count;

    /// <summary>False when there is no room for one more.</summary>
    public bool Add(string job, string home, string target)
    {
        if (_jobs.Count >= Most && !_jobs.ContainsKey(job))
        {
            return false;
        }

        _jobs[job] = (home, target);
        return true;
    }

    public void Remove(string job) => _jobs.Remove(job);

    /// <summary>The target of a job, when it is known.</summary>
    public (string Home, string Target)? Find(string job) => _jobs.TryGetValue(job, out var hosts) ? hosts : null;

    /// <summary>Takes out the jobs a lost host has a part in, with the other host of each, by name.</summary>
    public IReadOnlyList<(string Job, string Other)> TakeOf(string host)
    {
        var lost = _jobs
            .Where(job => job.Value.Home == host || job.Value.Target == host)
            .Select(job => (job.Key, job.Value.Home == host ? job.Value.Target : job.Value.Home))
            .ToList();
        foreach (var (job, _) in lost)
        {
            _jobs.Remove(job);
        }

        return lost;
    }
}

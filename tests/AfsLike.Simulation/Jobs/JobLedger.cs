using System.IO.Hashing;
using AfsLike.Butler.Jobs;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Jobs;

/// <summary>
/// All jobs of a run, and what is promised of them (docs/jobs.md): a command is started once at most; its bytes arrive in their places, none twice; its caller is
/// told one end, the code the command was seen to end with or 125, and 0 only for a command that ended with 0.
/// </summary>
internal sealed class JobLedger
{
    private readonly SortedDictionary<string, Job> _jobs = new(StringComparer.Ordinal);

    /// <summary>Ends told to callers.</summary>
    public long Ended { get; private set; }

    public void Typed(string name, JobPlan plan) => _jobs.Add(name, new Job(plan));

    public void Launched(string name)
    {
        if (++_jobs[name].Launches > 1)
        {
            throw new PromiseBrokenException("jobs", $"the command of job {name} was started twice");
        }
    }

    /// <summary>The command has read all it was given.</summary>
    public void Read(string name, ReadOnlySpan<byte> input)
    {
        if (XxHash3.HashToUInt64(input) != XxHash3.HashToUInt64(_jobs[name].Plan.Stdin().AsSpan(0, input.Length)))
        {
            throw new PromiseBrokenException("jobs", $"the command of job {name} read other bytes than it was given");
        }
    }

    public void CommandEnded(string name, uint code, uint signal) => _jobs[name].Code = signal == 0 ? code : 128 + signal;

    public void Given(string name, uint stream, ReadOnlySpan<byte> bytes)
    {
        var job = _jobs[name];
        var from = job.Given[stream];
        job.Given[stream] += bytes.Length;
        if (job.Given[stream] > job.Printed[stream] || !Expected(job, stream).AsSpan(from, bytes.Length).SequenceEqual(bytes))
        {
            throw new PromiseBrokenException("jobs", $"stream {stream} of job {name} brought other bytes than the command wrote, from byte {from} on");
        }
    }

    /// <summary>The command has written so many bytes.</summary>
    public void Printed(string name, uint stream, int bytes) => _jobs[name].Printed[stream] += bytes;

    /// <summary>The last word to the caller.</summary>
    public void Told(string name, uint code)
    {
        var job = _jobs[name];
        if (job.Told is not null)
        {
            throw new PromiseBrokenException("jobs", $"the caller of job {name} was told two ends: {job.Told} and {code}");
        }

        job.Told = code;
        Ended++;
        if (code != ExitCode.NotRun && code != job.Code)
        {
            throw new PromiseBrokenException("jobs", $"the caller of job {name} was told {code}, and its command {(job.Code is { } seen ? $"ended with {seen}" : "has not ended")}");
        }

        if (code != ExitCode.NotRun && !job.Given.SequenceEqual(job.Printed))
        {
            throw new PromiseBrokenException("jobs", $"the caller of job {name} was told its end before all of its output");
        }
    }

    private static byte[] Expected(Job job, uint stream) =>
        job.Expected[stream] ??= [.. job.Plan.Output().Where(piece => piece.Stream == stream).SelectMany(piece => piece.Bytes)];

    private sealed class Job(JobPlan plan)
    {
        public JobPlan Plan { get; } = plan;

        public int Launches { get; set; }

        public uint? Code { get; set; }

        public uint? Told { get; set; }

        /// <summary>Bytes the caller has got, by stream.</summary>
        public int[] Given { get; } = new int[3];

        public int[] Printed { get; } = new int[3];

        public byte[]?[] Expected { get; } = new byte[]?[3];
    }
}

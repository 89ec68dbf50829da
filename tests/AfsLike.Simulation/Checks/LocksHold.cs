using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// Locks exclude and synchronise (promise C3). Programs count up numbers in files, each time under an exclusive lock: nobody may be given a lock that another believes to have, unless the server has ended
/// that one's lease since; who has it sees at least the highest number whose count was answered; and no number is counted twice.
/// </summary>
internal sealed class LocksHold(Action<Exception> broken)
{
    private readonly Dictionary<(ulong Inode, bool Flock, int Part), List<Belief>> _beliefs = [];
    private readonly Dictionary<(ulong Inode, int Part), (long Highest, HashSet<long> Counted)> _numbers = [];

    /// <summary>Locks that were given.</summary>
    public long Given { get; private set; }

    public void Acquired(ModelKernel kernel, ModelFile file, bool flock, int part = 0)
    {
        Given++;
        var beliefs = Of(file, flock, part);
        foreach (var belief in beliefs.Where(static belief => !belief.IsOver && !belief.Kernel.IsOver))
        {
            broken(new PromiseBrokenException("C3", $"{kernel.Host} was given a lock of {Inodes.FidOf(InodeOf(file))} that {belief.Kernel.Host} has"));
        }

        beliefs.RemoveAll(belief => belief.IsOver || belief.Kernel.IsOver || belief.File == file);
        beliefs.Add(new Belief(kernel, file));
    }

    /// <summary>The call that gives it up has begun, or fails and what was written is not believed to be there.</summary>
    public void GivenUp(ModelFile file, bool flock, int part = 0) => Of(file, flock, part).RemoveAll(belief => belief.File == file);

    /// <summary>A line of the server's log: it may be that the lease of a host is over.</summary>
    public void ServerSaid(string line)
    {
        const string Before = "the lease of Venus of ";
        const string After = " is over";
        if (!line.StartsWith(Before, StringComparison.Ordinal) || !line.EndsWith(After, StringComparison.Ordinal))
        {
            return;
        }

        var host = line[Before.Length..^After.Length];
        foreach (var belief in _beliefs.Values.SelectMany(static beliefs => beliefs).Where(belief => belief.Kernel.Host == host))
        {
            belief.IsOver = true;
        }
    }

    /// <summary>The highest number whose count has been answered.</summary>
    public long HighestOf(ModelFile file, int part = 0) => NumbersOf(file, part).Highest;

    public void Read(ModelKernel kernel, ModelFile file, long atLeast, long number)
    {
        if (number < atLeast)
        {
            broken(new PromiseBrokenException("C3", $"{kernel.Host} reads {number} from {Inodes.FidOf(InodeOf(file))} under a lock, after {atLeast} was stored under one"));
        }
    }

    public void Counted(ModelKernel kernel, ModelFile file, long number, int part = 0)
    {
        var numbers = NumbersOf(file, part);
        if (!numbers.Counted.Add(number))
        {
            broken(new PromiseBrokenException("C3", $"{kernel.Host} counts {number} in {Inodes.FidOf(InodeOf(file))} under a lock, and so has another"));
        }

        _numbers[(InodeOf(file), part)] = numbers with { Highest = Math.Max(numbers.Highest, number) };
    }

    private static ulong InodeOf(ModelFile file) => file.Inode.Attributes.Inode;

    private List<Belief> Of(ModelFile file, bool flock, int part)
    {
        var key = (InodeOf(file), flock, part);
        if (!_beliefs.TryGetValue(key, out var beliefs))
        {
            _beliefs.Add(key, beliefs = []);
        }

        return beliefs;
    }

    private (long Highest, HashSet<long> Counted) NumbersOf(ModelFile file, int part)
    {
        if (!_numbers.TryGetValue((InodeOf(file), part), out var numbers))
        {
            _numbers.Add((InodeOf(file), part), numbers = (0, []));
        }

        return numbers;
    }

    private sealed class Belief(ModelKernel kernel, ModelFile file)
    {
        public ModelKernel Kernel { get; } = kernel;

        public ModelFile File { get; } = file;

        /// <summary>The server may give the lock to others.</summary>
        public bool IsOver { get; set; }
    }
}

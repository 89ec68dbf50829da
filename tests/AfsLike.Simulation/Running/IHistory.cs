namespace AfsLike.Simulation.Running;

/// <summary>A cell with programs at work in it, whatever befalls it, and somebody who checks what they are shown.</summary>
internal interface IHistory
{
    /// <summary>Checked client operations so far: system calls of programs, what each returned held against the truth.</summary>
    long Operations { get; }

    /// <summary>Those of them that were made after all was healed and quiet, to look at everything once more on each host.</summary>
    long Compared { get; }

    /// <summary>From switching everything on to the last check. Throws PromiseBrokenException.</summary>
    Task RunAsync();

    /// <summary>What waits, a line each, for a run that does not end.</summary>
    IEnumerable<string> Waiting();
}

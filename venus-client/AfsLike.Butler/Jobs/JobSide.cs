using AfsLike.Common.Wire;

namespace AfsLike.Butler.Jobs;

/// <summary>Which half of a job a message is for. One host may be both ends of a job; each message knows its side.</summary>
public enum JobSide
{
    Home,
    Target,
    Both,
}

/// <summary>Tells the side of a message, and what a Butler that knows no such job says. Pure.</summary>
public static class JobSides
{
    public static JobSide Of(JobMessage message) => message.BodyCase switch
    {
        JobMessage.BodyOneofCase.Start or JobMessage.BodyOneofCase.Signal or JobMessage.BodyOneofCase.ExitedAck => JobSide.Target,
        JobMessage.BodyOneofCase.Data => message.Data.Stream == JobStream.Input ? JobSide.Target : JobSide.Home,
        JobMessage.BodyOneofCase.DataAck =>
            message.DataAck.Stream is JobStream.Output or JobStream.Error ? JobSide.Target : JobSide.Home,
        JobMessage.BodyOneofCase.Lost => JobSide.Both,
        _ => JobSide.Home,
    };

    /// <summary>The server speaks of the other side's loss and of refusals itself, under whatever name.</summary>
    public static bool IsFromServer(JobMessage message) =>
        message.BodyCase is JobMessage.BodyOneofCase.Lost or JobMessage.BodyOneofCase.Refused;

    /// <summary>What a home answers that knows no such job: the target need not say again how it ended, and must not go on otherwise.</summary>
    public static JobMessage HomeKnowsNone(JobMessage message, string host) =>
        message.BodyCase is JobMessage.BodyOneofCase.Exited or JobMessage.BodyOneofCase.Refused
            ? new JobMessage { ExitedAck = new JobExitedAck { Recorded = true } }
            : new JobMessage { Lost = new JobLost { Reason = $"host {host} knows no such job (any more)" } };

    /// <summary>What a target answers that runs no such job and will not start it; null: nothing.</summary>
    public static JobMessage? TargetKnowsNone(JobMessage message, string host) =>
        message.BodyCase is JobMessage.BodyOneofCase.Lost or JobMessage.BodyOneofCase.ExitedAck or JobMessage.BodyOneofCase.DataAck
            ? null
            : new JobMessage { Lost = new JobLost { Reason = $"the butler of {host} was restarted meanwhile" } };
}

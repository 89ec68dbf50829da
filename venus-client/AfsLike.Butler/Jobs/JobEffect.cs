using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Butler.Jobs;

/// <summary>What a job's state machine asks the world to do. Carried out in order.</summary>
public abstract record JobEffect;

/// <summary>Either side: to the other butler. May get lost; the machine repeats what matters.</summary>
public sealed record SendMessage(JobMessage Message) : JobEffect;

/// <summary>Home: bytes for the caller; to be answered with <see cref="HomeJob.OutputTaken"/>.</summary>
public sealed record GiveOutput(uint Stream, ByteString Bytes) : JobEffect;

/// <summary>Home: the last word to the caller. Once.</summary>
public sealed record ReportEnd(uint ExitCode, string Reason) : JobEffect;

/// <summary>Home: the `status` file is to say this now.</summary>
public sealed record WriteStatus(JobStatus Status) : JobEffect;

/// <summary>Home: the `exit` file is to be created. Once, and after everything else of the job is complete.</summary>
public sealed record WriteExit(uint ExitCode) : JobEffect;

/// <summary>Target: start the command.</summary>
public sealed record Launch(JobStart Start) : JobEffect;

/// <summary>Target: bytes for the command's stdin; to be answered with <see cref="TargetJob.InputTaken"/>.</summary>
public sealed record GiveInput(ByteString Bytes) : JobEffect;

/// <summary>Target: close the command's stdin once all bytes given are written.</summary>
public sealed record EndInput : JobEffect;

/// <summary>Target: a signal to the command's whole process group.</summary>
public sealed record SignalGroup(uint Signal) : JobEffect;

/// <summary>Target: the home is gone, so the exit is to be noted beside the output files.</summary>
public sealed record NoteExit(uint ExitCode) : JobEffect;

/// <summary>Either side: the job is over; forget it.</summary>
/// <param name="Answered">The other half knows how it ended and asks for it no more. A target whose home may ask again remembers the name, over restarts too.</param>
public sealed record ForgetJob(bool Answered = true) : JobEffect;

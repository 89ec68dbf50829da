using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using AfsLike.Afsx;
using AfsLike.Butler.Execution;

[assembly: SupportedOSPlatform("linux")]
[assembly: InternalsVisibleTo("AfsLike.Tests")]

// First, and without anything else being touched: the launcher of jobs is still root here.
if (args is [JobExec.Verb])
{
    return JobExec.Run();
}

return await CommandLine.RunAsync(args);

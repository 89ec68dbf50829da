using System.Collections;
using System.Text;

namespace AfsLike.Butler.Execution;

/// <summary>Becomes another program of ours: same process, same stdio, same environment.</summary>
public static class ProgramExec
{
    /// <summary>Returns only on failure, with the reason.</summary>
    public static string Become(string path, IReadOnlyList<string> arguments)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(static v => $"{v.Key}={v.Value}");
        return Posix.Message(JobExec.Become(
            Encoding.UTF8.GetBytes(path), [.. arguments.Prepend(path).Select(Bytes)], [.. environment.Select(Bytes)]));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

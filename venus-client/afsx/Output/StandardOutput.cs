using System.Text;

namespace AfsLike.Afsx.Output;

/// <summary>stdout as bytes: data, and nothing else.</summary>
internal static class StandardOutput
{
    public static void Write(string text)
    {
        using var stream = Console.OpenStandardOutput();
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    public static int Line(string text)
    {
        Write(text + "\n");
        return 0;
    }
}

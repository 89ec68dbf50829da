using System.Globalization;
using System.Text;

namespace AfsLike.Benchmarks;

/// <summary>A C project that is the same on every machine: 1,001 files in 41 directories, about 9 MB, of which `make` compiles 80.</summary>
internal sealed class SourceTree
{
    public const int Files = (Folders * (Sources + Headers + Texts)) + 1;

    private const int Folders = 40;
    private const int Sources = 2;
    private const int Headers = 11;
    private const int Texts = 12;

    // A generator of our own, for the library's may change: Knuth's MMIX.
    private ulong _state = 1;

    private SourceTree(string directory) => Directory = directory;

    public string Directory { get; }

    /// <summary>Makes it in an empty directory.</summary>
    public static SourceTree Make(string directory)
    {
        var tree = new SourceTree(directory);
        tree.WriteAll();
        return tree;
    }

    private void WriteAll()
    {
        File.WriteAllText(
            $"{Directory}/Makefile",
            "objects := $(patsubst %.c,%.o,$(sort $(wildcard */*.c)))\nall: $(objects)\n%.o: %.c\n\t$(CC) -O0 -c -o $@ $<\n");
        for (var folder = 0; folder < Folders; folder++)
        {
            var place = System.IO.Directory.CreateDirectory($"{Directory}/part{folder:00}").FullName;
            for (var i = 0; i < Headers; i++)
            {
                File.WriteAllText($"{place}/h{i}.h", Header(folder, i));
            }

            for (var i = 0; i < Sources; i++)
            {
                File.WriteAllText($"{place}/s{i}.c", Source(folder, i));
            }

            for (var i = 0; i < Texts; i++)
            {
                File.WriteAllText($"{place}/text{i}.txt", Text(2000 + Next(30_000)));
            }
        }
    }

    private string Header(int folder, int number)
    {
        var text = new StringBuilder();
        for (var i = 0; i < 20; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"static inline int of{folder}_{number}_{i}(int a) {{ return a * {Next(1000)} + {Next(1000)}; }} /* {Text(40)} */\n");
        }

        return text.ToString();
    }

    private string Source(int folder, int number)
    {
        var text = new StringBuilder("#include <stdio.h>\n#include <string.h>\n");
        for (var i = 0; i < Headers; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"#include \"h{i}.h\"\n");
        }

        for (var i = 0; i < 15; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"int work{folder}_{number}_{i}(int a) {{ for (int i = 0; i < {Next(100)}; i++) a += of{folder}_{Next(Headers)}_{Next(20)}(a); return a; }}\n/* {Text(80)} */\n");
        }

        return text.ToString();
    }

    private string Text(int length)
    {
        var text = new StringBuilder(length);
        while (text.Length < length)
        {
            text.Append((char)('a' + Next(26)), 1 + Next(3)).Append(text.Length % 9 == 8 ? ' ' : 'e');
        }

        return text.ToString(0, length);
    }

    private int Next(int below)
    {
        _state = (_state * 6364136223846793005) + 1442695040888963407;
        return (int)((_state >> 33) % (ulong)below);
    }
}

using AfsLike.Common.Model;

namespace AfsLike.Afsx.Output;

/// <summary>Passwords: from --password-file, from a stdin that is no terminal (one line), or asked for without echo.</summary>
internal static class Password
{
    /// <param name="twice">Of a new password: asked again, so that a slip does not become the password.</param>
    public static string Read(string? file, string prompt, bool twice)
    {
        if (file is not null)
        {
            return NotEmpty(File.ReadLines(file).FirstOrDefault() ?? "");
        }

        if (Console.IsInputRedirected)
        {
            return NotEmpty(Console.In.ReadLine() ?? "");
        }

        var password = NotEmpty(Ask(prompt));
        if (twice && Ask("again: ") != password)
        {
            throw new AfsException(AfsError.InvalidArgument, "the two passwords differ; nothing was done");
        }

        return password;
    }

    private static string Ask(string prompt)
    {
        Console.Error.Write(prompt);
        var typed = new List<char>();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Console.Error.WriteLine();
                    return new string([.. typed]);
                case ConsoleKey.Backspace when typed.Count > 0:
                    typed.RemoveAt(typed.Count - 1);
                    break;
                case var _ when key.KeyChar >= ' ':
                    typed.Add(key.KeyChar);
                    break;
            }
        }
    }

    private static string NotEmpty(string password) =>
        password.Length > 0 ? password : throw new AfsException(AfsError.InvalidArgument, "the password is empty; nothing was done");
}

using AfsLike.Common.Model;
using AfsLike.Host.Clock;
using AfsLike.Host.Transport;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Location;
using AfsLike.Vice.Login;
using AfsLike.ViceServer.State;

namespace AfsLike.ViceServer.Commands;

/// <summary>
/// Makes a cell and its first server. server.json is written last: an init that was interrupted leaves no server, and can be
/// repeated. An existing server is never touched.
/// </summary>
internal static class InitCommand
{
    public static readonly IReadOnlyList<string> Options =
        ["--dir", "--cell", "--listen", "--advertise", "--admin", "--admin-password-file", "--host"];

    public static async Task RunAsync(Arguments arguments)
    {
        var directory = new ServerDirectory(arguments.Need("--dir"));
        var configuration = new ServerConfiguration(
            arguments.Need("--cell"), arguments.Find("--host") ?? Environment.MachineName, arguments.Need("--listen"), arguments.Need("--advertise"));
        var admin = arguments.Need("--admin");
        Check(directory, configuration, admin);
        var password = ReadPassword(arguments.Find("--admin-password-file"));
        directory.CreateKeys(configuration, BootTimeProvider.Instance.GetUtcNow());
        await MakeAdministratorAsync(directory, configuration, admin, password);
        directory.SaveConfiguration(configuration);
        Console.WriteLine($"cell {configuration.Cell} is made in {directory.Path}; serve it with: vice-server run --dir {directory.Path}");
    }

    private static void Check(ServerDirectory directory, ServerConfiguration configuration, string admin)
    {
        if (directory.IsInitialized)
        {
            throw new AfsException(AfsError.Exists, $"{directory.Path} holds a server of cell {directory.LoadConfiguration().Cell} already");
        }

        HostName.Check(configuration.Cell);
        HostName.Check(configuration.Host);
        HostPort.Parse(configuration.Listen);
        HostPort.Parse(configuration.Advertise);
        UserTable.CheckName(admin);
    }

    private static async Task MakeAdministratorAsync(
        ServerDirectory directory, ServerConfiguration configuration, string admin, string password)
    {
        using var stores = await Stores.OpenAsync(directory, Console.Error.WriteLine);
        using var hasher = new Argon2PasswordHasher();
        using var key = directory.LoadTokenKey();
        var users = UserTable.Load(new CellStore(stores.Ordered));
        var login = new LoginDesk(users, key, hasher, System.Security.Cryptography.RandomNumberGenerator.Fill, BootTimeProvider.Instance);
        var record = await login.MakeRecordAsync(password);
        if (users.Find(admin) is { } known)
        {
            await users.SetPasswordAsync(known.Id, record);
        }
        else
        {
            await users.CreateAsync(admin, administrator: true, record);
        }

        await RootVolumes.EnsureAsync(stores.Volumes, configuration.Cell, BootTimeProvider.Instance);
    }

    /// <summary>The first line of the file, or of standard input after asking on a terminal.</summary>
    private static string ReadPassword(string? file)
    {
        string? line;
        if (file is not null)
        {
            line = File.ReadLines(file).FirstOrDefault();
        }
        else
        {
            if (!Console.IsInputRedirected)
            {
                Console.Error.Write("Password of the administrator: ");
            }

            line = Console.IsInputRedirected ? Console.ReadLine() : ReadHidden();
        }

        return string.IsNullOrEmpty(line)
            ? throw new AfsException(AfsError.InvalidArgument, "the administrator needs a password that is not empty")
            : line;
    }

    private static string ReadHidden()
    {
        var typed = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (key.KeyChar != '\0')
            {
                typed.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return typed.ToString();
    }
}

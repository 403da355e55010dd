// Resets one user.
//
//     reset ID      the key is in JCApiKey
//
// Ends with 0: the user was reset, 1: not, 2: wrong call or configuration.
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <jcsdk.h>

namespace jumpcloud {

struct Buffer : jc_buf {
    Buffer() : jc_buf JC_BUF_INIT {}
    ~Buffer() { jc_buf_free(this); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    std::string text() const { return ptr ? std::string(reinterpret_cast<const char *>(ptr), len) : std::string(); }
};

// What a failed call leaves: its status, and its result document as the message.
struct Error : std::runtime_error {
    int32_t status;
    Error(int32_t status, const std::string &document) : std::runtime_error(document), status(status) {}
};

class Client {
public:
    Client()
    {
        jc_client *client = nullptr;
        Buffer error;
        if (int32_t status = jc_client_new(nullptr, &client, &error)) throw Error(status, error.text());
        handle.reset(client);
    }

    void reset(const std::string &id)
    {
        // c_str() ends at a NUL, and an id cut there may be another user's.
        if (id.find('\0') != std::string::npos) throw std::invalid_argument("an id has no NUL in it");
        Buffer result;
        int32_t status =
            jc_client_reset_system_user_mfa(handle.get(), id.c_str(), JC_EXCLUSION_UNSET, JC_UNTIL_UNSET, 0, &result);
        if (status != JC_OK) throw Error(status, result.text());
    }

private:
    struct Free {
        void operator()(jc_client *client) const { jc_client_free(client); }
    };
    std::unique_ptr<jc_client, Free> handle;
};

} // namespace jumpcloud

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " ID\n";
        return 2;
    }
    try {
        jumpcloud::Client client;
        client.reset(argv[1]);
        std::cout << argv[1] << " is reset\n";
        return 0;
    } catch (const jumpcloud::Error &error) {
        std::cerr << error.what() << '\n';
        return error.status == JC_INVALID ? 2 : 1;
    }
}
